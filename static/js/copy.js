/* [data-copy=TEXT] copies its text and says so. */
import { on, say } from "./core.js";

on("click", "[data-copy]", async (event, button) => {
  event.preventDefault();
  event.stopPropagation();
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    say("Could not copy: the browser does not allow it here");
    return;
  }
  button.dataset.copied = "";
  say("Copied");
  setTimeout(() => delete button.dataset.copied, 1500);
});
