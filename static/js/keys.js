/* Shortcuts: ? the list, / a filter ([data-key-focus]), g + letter a page ([data-go]), a letter a button ([data-key]), ⌘K. */
import { isTyping, whenReady } from "./core.js";

let going = 0;
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const press = (selector) => { const found = document.querySelector(selector); found?.click(); return Boolean(found); };

function act(event) {
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") return press("[data-open=palette]");
  if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event) || document.querySelector("dialog[open]")) return false;
  if (Date.now() - going < 1200) { going = 0; return press(`[data-go="${CSS.escape(event.key)}"]`); }
  if (event.key === "g") { going = Date.now(); return true; }
  if (event.key === "?") { document.getElementById("shortcuts")?.showModal(); return true; }
  const field = document.querySelector(`[data-key-focus="${CSS.escape(event.key)}"]`);
  if (field) { field.focus(); field.select?.(); return true; }
  return press(`[data-key="${CSS.escape(event.key)}"]`);
}

document.addEventListener("keydown", (event) => { if (!event.repeat && act(event)) event.preventDefault(); });
whenReady(() => { for (const key of document.querySelectorAll("[data-mod-key]")) key.textContent = isMac ? "⌘ K" : "Ctrl K"; });
