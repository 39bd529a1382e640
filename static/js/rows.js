/* j and k move along the rows of a list, x ticks, Enter opens. The row is marked and scrolled to; focus goes to its link.
   A list that refreshes is given a new self without the mark: it is put back, until another page is visited. */
import { isTyping, whenReady } from "./core.js";

let marked = "";

const rows = () => [...document.querySelectorAll("table.list tr[data-row]")];

function mark(row) {
  row.dataset.cursor = "";
  marked = row.dataset.row;
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.dataset.cursor !== undefined);
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))];
  for (const row of all) delete row.dataset.cursor;
  mark(next);
  next.scrollIntoView({ block: "nearest" });
  next.querySelector("a")?.focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (isTyping(event) || event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
  const current = document.querySelector("tr[data-cursor]");
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "x" && current) current.querySelector("[data-pick]")?.click();
  else if (event.key === "Enter" && current && document.activeElement === document.body) current.querySelector("a")?.click();
  else return;
  event.preventDefault();
});

document.addEventListener("htmx:before:swap", (event) => {
  if (event.detail?.ctx?.target === document.body) marked = "";
});
whenReady(() => {
  if (!marked || document.querySelector("tr[data-cursor]")) return;
  const row = rows().find((each) => each.dataset.row === marked);
  if (row) mark(row);
});
