/* [data-busy] on a form: its button goes busy and cannot be pressed twice. */
import { on } from "./core.js";

const release = (form) => {
  delete form.dataset.sending;
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
};

on("submit", "form[data-busy]", (event, form) => {
  if (form.dataset.sending !== undefined) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  if (event.defaultPrevented && !form.hasAttribute("hx-post")) return;
  form.dataset.sending = "";
  const button = event.submitter ?? form.querySelector("button[type=submit]");
  // After this tick, or the pressed button's own name and value would not be sent.
  setTimeout(() => button?.setAttribute("aria-busy", "true"));
}, true);

document.addEventListener("htmx:finally:request", (event) => {
  const form = event.target.closest?.("form[data-busy]");
  if (form) release(form);
});

// A page that comes back from the browser's own cache must not be stuck.
addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach(release));
