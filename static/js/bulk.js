/* Ticking rows: [data-pick=FORM], [data-check-all=FORM] and the bar [data-bulk=FORM] that says how many, and which of them
   an action ([data-bulk-action]) cannot reach, from the row's data-can. Shift ticks a range. */
import { on, whenReady } from "./core.js";

let last = null;
const boxes = (form) => [...document.querySelectorAll(`[data-pick="${form}"]`)];
const row = (box) => box.closest("tr");

function refresh(form) {
  const all = boxes(form);
  const ticked = all.filter((box) => box.checked);
  for (const box of all) row(box).toggleAttribute("data-selected", box.checked);
  for (const head of document.querySelectorAll(`[data-check-all="${form}"]`)) {
    head.checked = all.length > 0 && ticked.length === all.length;
    head.indeterminate = ticked.length > 0 && ticked.length < all.length;
  }
  for (const bar of document.querySelectorAll(`[data-bulk="${form}"]`)) showBar(bar, ticked);
}

function showBar(bar, ticked) {
  if (ticked.length) bar.dataset.count = ticked.length;
  else delete bar.dataset.count;
  const notes = [];
  for (const button of bar.querySelectorAll("[data-bulk-action]")) {
    const able = ticked.filter((box) => (row(box).dataset.can ?? button.dataset.bulkAction).split(" ").includes(button.dataset.bulkAction));
    button.disabled = able.length === 0;
    const missing = ticked.filter((box) => !able.includes(box));
    if (!missing.length || !able.length) continue;
    const whys = new Set(missing.map((box) => row(box).dataset.why ?? ""));
    const why = whys.size === 1 ? [...whys][0] : "";
    notes.push(`${missing.length} cannot be ${button.dataset.past}${why && `: ${why}`}`);
  }
  bar.querySelector("[data-bulk-count]").textContent = ticked.length ? `${ticked.length} selected` : "With what is selected";
  bar.querySelector("[data-bulk-note]").textContent = notes.slice(0, 2).join(" · ");
}

on("click", "[data-pick]", (event, box) => {
  const all = boxes(box.dataset.pick);
  if (event.shiftKey && last && all.includes(last)) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const other of all.slice(from, to + 1)) other.checked = box.checked;
  }
  last = box;
  refresh(box.dataset.pick);
});

on("change", "[data-check-all]", (event, head) => {
  for (const box of boxes(head.dataset.checkAll)) box.checked = head.checked;
  refresh(head.dataset.checkAll);
});

on("click", "[data-bulk-clear]", (event, button) => {
  const form = button.closest("[data-bulk]").dataset.bulk;
  for (const box of boxes(form)) box.checked = false;
  refresh(form);
});

const refreshAll = () => new Set([...document.querySelectorAll("[data-bulk]")].map((bar) => bar.dataset.bulk)).forEach(refresh);
document.addEventListener("picked", refreshAll);
whenReady(refreshAll);
addEventListener("pageshow", refreshAll);
