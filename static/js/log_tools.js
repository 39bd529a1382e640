/* The log's tools: follow, times, wrap, full screen, search, and a line that an address names (#L12, #L12-20). */
import { on, whenReady } from "./core.js";

const logOf = (element) => element.closest("[data-log]");
const press = (button, yes) => button?.setAttribute("aria-pressed", String(yes));

function setFollow(log, yes) {
  log.toggleAttribute("data-follow", yes);
  press(log.querySelector("[data-log-follow]"), yes);
  const body = log.querySelector("[data-log-body]");
  if (yes) body.scrollTop = body.scrollHeight;
}

on("click", "[data-log-follow]", (event, button) => setFollow(logOf(button), button.getAttribute("aria-pressed") !== "true"));
on("click", "[data-log-times]", (event, button) => press(button, logOf(button).toggleAttribute("data-times")));
on("click", "[data-log-wrap]", (event, button) => press(button, !logOf(button).toggleAttribute("data-nowrap")));
on("click", "[data-log-full]", (event, button) => {
  if (document.fullscreenElement) document.exitFullscreen();
  else logOf(button).requestFullscreen?.();
});

// Scrolling up by hand means: I am reading. Following ends.
on("wheel", "[data-log-body]", (event, body) => { if (event.deltaY < 0) setFollow(logOf(body), false); }, { passive: true, capture: true });

function clearMarks(log) {
  for (const mark of log.querySelectorAll("mark[data-found]")) {
    const line = mark.parentNode;
    mark.replaceWith(mark.textContent);
    line.normalize();
  }
}

function find(log, text) {
  clearMarks(log);
  if (text.length < 2) return [];
  const needle = text.toLowerCase();
  const walker = document.createTreeWalker(log.querySelector("[data-log-body]"), NodeFilter.SHOW_TEXT);
  const hits = [];
  for (let node = walker.nextNode(); node && hits.length < 2000; node = walker.nextNode()) {
    if (node.parentElement.closest("span") && node.data.toLowerCase().includes(needle)) hits.push(node);
  }
  return hits.map((node) => {
    const part = node.splitText(node.data.toLowerCase().indexOf(needle));
    part.splitText(needle.length);
    const mark = document.createElement("mark");
    mark.dataset.found = "";
    part.replaceWith(mark);
    mark.append(part);
    return mark;
  });
}

function go(log, step) {
  const marks = [...log.querySelectorAll("mark[data-found]")];
  const at = marks.findIndex((mark) => mark.dataset.now !== undefined);
  const next = marks.at((at + step + marks.length) % (marks.length || 1));
  marks.forEach((mark) => delete mark.dataset.now);
  log.querySelector("[data-log-found]").textContent = marks.length ? `${marks.indexOf(next) + 1} of ${marks.length}` : "none";
  if (!next) return;
  next.dataset.now = "";
  next.closest("details").open = true;
  next.scrollIntoView({ block: "center" });
}

on("input", "[data-log-search]", (event, field) => {
  const log = logOf(field);
  find(log, field.value);
  if (field.value.length > 1) { setFollow(log, false); go(log, 1); } else log.querySelector("[data-log-found]").textContent = "";
});
on("keydown", "[data-log-search]", (event, field) => {
  if (event.key !== "Enter" || (field.form && !event.shiftKey)) return;
  event.preventDefault();
  go(logOf(field), event.shiftKey ? -1 : 1);
});

/** A line that is not on this page: go to the page of the log that has it. */
function jump(line) {
  const base = document.querySelector("[data-log-jump]")?.dataset.logJump;
  if (base && new URLSearchParams(location.search).get("line") !== line) location.replace(`${base}?line=${line}${location.hash}`);
}

function light() {
  for (const line of document.querySelectorAll(".log-line[data-lit]")) delete line.dataset.lit;
  const [, from, to] = location.hash.match(/^#L(\d+)(?:-(\d+))?$/) ?? [];
  if (!from) return;
  if (!document.getElementById(`L${from}`)) jump(from);
  for (let n = Number(from); n <= Math.min(Number(to ?? from), Number(from) + 999); n += 1) {
    const line = document.getElementById(`L${n}`);
    if (!line) continue;
    line.dataset.lit = "";
    if (n === Number(from)) { line.closest("details").open = true; line.scrollIntoView({ block: "center" }); }
  }
}
on("click", ".log-line > a", (event, link) => {
  const [, from] = location.hash.match(/^#L(\d+)/) ?? [];
  if (!event.shiftKey || !from) return;
  event.preventDefault();
  const [a, b] = [Number(from), Number(link.hash.slice(2))].sort((x, y) => x - y);
  location.hash = `L${a}-${b}`;
});
addEventListener("hashchange", light);
whenReady(light);
