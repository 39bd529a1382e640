/* [data-toggle-class="CLASS" data-target="SELECTOR"]: a checkbox that puts a class on something, or with
   "!" before it takes it away.
   [data-open-all=SELECTOR]: opens or folds every <details> in there. A lazy change asks for its rows when it opens. */
import { on } from "./core.js";

on("change", "[data-toggle-class]", (event, box) => {
  for (const target of document.querySelectorAll(box.dataset.target)) target.classList.toggle(box.dataset.toggleClass.replace("!", ""), box.checked !== box.dataset.toggleClass.startsWith("!"));
});

on("click", "[data-open-all]", (event, button) => {
  const all = [...document.querySelectorAll(`${button.dataset.openAll} details.change`)];
  const open = all.some((item) => !item.open);
  for (const item of all) item.open = open;
  button.textContent = open ? "Fold all" : "Expand all";
});

on("change", "[data-open-folds]", (event, box) => {
  for (const fold of document.querySelectorAll(`${box.dataset.openFolds} .fold`)) fold.open = box.checked;
});

on("toggle", "details[data-change]", (event, change) => {
  const lazy = change.open && change.querySelector("[data-lazy]");
  if (lazy) lazy.dispatchEvent(new CustomEvent("load-change"));
}, true);
