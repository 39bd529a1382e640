/* [data-pairs=NAME]: "Add another" makes one more row of name, value, kind, secret; a ticked "secret" hides its value. */
import { on } from "./core.js";

on("click", "[data-pairs-add]", (event, button) => {
  const field = button.closest("[data-pairs]");
  const list = field.querySelector("[data-pairs-list]");
  const row = list.lastElementChild.cloneNode(true);
  const prefix = `${field.dataset.pairs}-`;
  for (const input of row.querySelectorAll("[name]")) {
    input.name = prefix + list.children.length + input.name.slice(input.name.lastIndexOf("-"));
    if (input.type === "checkbox") input.checked = false;
    else if (input.tagName === "INPUT") { input.value = ""; input.type = "text"; }
  }
  list.append(row);
  row.querySelector("input").focus();
});

on("change", "[data-makes-secret]", (event, box) => {
  const value = box.closest("[data-pair]").querySelector("[name$='-value']");
  value.type = box.checked ? "password" : "text";
  value.autocomplete = "off";
});
