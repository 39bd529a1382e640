/* [data-open=ID] opens a <dialog>; [data-close] closes it; [data-typed] must equal its word before the form may go. */
import { on, whenReady } from "./core.js";

const match = (field) => {
  const form = field.closest("form");
  const button = form?.querySelector("button[type=submit]");
  if (button) button.disabled = field.value.trim() !== field.dataset.typed;
};

on("click", "[data-open]", (event, opener) => {
  const dialog = document.getElementById(opener.dataset.open);
  if (!dialog?.showModal || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  opener.closest("details[data-menu]")?.removeAttribute("open");
  dialog.querySelectorAll("[data-typed]").forEach((field) => { field.value = ""; match(field); });
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("[data-typed]")?.focus();
  dialog.dispatchEvent(new CustomEvent("dialog-opened", { bubbles: true }));
});

on("click", "[data-close]", (event, button) => button.closest("dialog")?.close());

on("input", "[data-typed]", (event, field) => match(field));
// A refresh of the page around an open dialog brings its button as the server drew it.
whenReady(() => document.querySelectorAll("dialog[open] [data-typed]").forEach(match));

// A click on the ground beside a dialog closes it: the dialog itself is the target only there.
on("click", "dialog[open]", (event, dialog) => {
  if (event.target !== dialog) return;
  const box = dialog.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) dialog.close();
});
