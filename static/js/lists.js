/* [data-live-list=ID]: a table that refreshes by morph keeps ticks, focus and scroll. New rows do not push what is being
   read: while the list is scrolled or worked on, the news button says how many there are and brings them on demand. */
import { on } from "./core.js";

const rows = (scope) => [...scope.querySelectorAll("tr[data-row]")];
const isBusy = (table) => scrollY > 120 || table.contains(document.activeElement) || table.querySelector("[data-pick]:checked, [data-cursor]") !== null;
const held = new Map();

document.addEventListener("htmx:before:swap", (event) => {
  const table = event.target.closest?.("[data-live-list] > table");
  if (!table) return;
  const ticked = [...table.querySelectorAll("[data-pick]:checked")].map((box) => box.id);
  const focused = table.contains(document.activeElement) ? document.activeElement.id : "";
  held.set(table.id, { ticked, focused, at: scrollY });
  hold(table, event.detail.tasks ?? []);
});

/** Take new rows out of what came, unless nobody would be disturbed. */
function hold(table, tasks) {
  if (!isBusy(table)) return;
  const known = new Set(rows(table).map((row) => row.dataset.row));
  for (const { fragment } of tasks) {
    if (!fragment?.querySelectorAll) continue;
    const fresh = rows(fragment).filter((row) => !known.has(row.dataset.row));
    if (fresh.length) announce(table.id, fresh.length);
    // A row that leaves its page only because newer ones came stays until it is asked for.
    const came = new Set(rows(fragment).map((row) => row.dataset.row));
    const leaving = rows(table).filter((row) => !came.has(row.dataset.row)).slice(-fresh.length || undefined);
    if (fresh.length) rows(fragment).at(-1)?.after(...leaving.map((row) => row.cloneNode(true)));
    fresh.forEach((row) => row.remove());
  }
}

function announce(id, count) {
  const place = document.querySelector(`[data-news="${id}"]`);
  if (!place) return;
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.newsShow = id;
  const noun = document.getElementById(id)?.dataset.noun || "row";
  button.textContent = `${count} new ${noun}${count === 1 ? "" : "s"}`;
  place.replaceChildren(button);
}

document.addEventListener("htmx:after:swap", () => {
  for (const [id, was] of held) {
    const table = document.getElementById(id);
    for (const box of was.ticked) { const input = document.getElementById(box); if (input) input.checked = true; }
    if (was.focused && document.activeElement?.id !== was.focused) document.getElementById(was.focused)?.focus({ preventScroll: true });
    if (scrollY !== was.at) scrollTo(scrollX, was.at);
    table?.dispatchEvent(new CustomEvent("picked", { bubbles: true }));
  }
  held.clear();
});

on("click", "[data-news-show]", (event, button) => {
  const table = document.getElementById(button.dataset.newsShow);
  document.activeElement?.blur();
  for (const row of table.querySelectorAll("[data-cursor]")) delete row.dataset.cursor;
  scrollTo(0, 0);
  button.remove();
  document.body.dispatchEvent(new CustomEvent("live-poll"));
});
