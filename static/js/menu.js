/* details[data-menu]: closes on Escape, on a click elsewhere, when another opens; arrow keys move. */
import { on } from "./core.js";

const open = () => [...document.querySelectorAll("details[data-menu][open]")];

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target) || event.target.closest(".menu-list a, .sheet a")) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  const [menu] = open().reverse();
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const items = [...menu.querySelectorAll(".menu-item, .rail-link")];
  const step = event.key === "ArrowDown" ? 1 : -1;
  const at = items.indexOf(document.activeElement);
  items.at(at < 0 && step < 0 ? -1 : (at + step) % items.length)?.focus();
  event.preventDefault();
});

on("toggle", "details[data-menu]", (event, menu) => {
  if (menu.open) for (const other of open()) if (other !== menu && !other.contains(menu)) other.open = false;
}, true);
