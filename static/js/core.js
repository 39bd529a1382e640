/* What all behaviours share: delegated events, start-up after each swap, one place to say something. */

/** Listen on the document for events of elements that match; the handler gets the event and the element. */
export function on(type, selector, handler, options) {
  document.addEventListener(type, (event) => {
    const element = event.target.closest?.(selector);
    if (element) handler(event, element);
  }, options);
}

/** Run now and after every htmx swap, for each matching element that has not been seen yet. */
export function each(selector, setUp) {
  const seen = new WeakSet();
  const run = () => {
    for (const element of document.querySelectorAll(selector)) {
      if (seen.has(element)) continue;
      seen.add(element);
      setUp(element);
    }
  };
  whenReady(run);
}

/** Run now and after every htmx swap. */
export function whenReady(run) {
  run();
  document.addEventListener("htmx:after:swap", run);
}

/** Say something once, on screen and to screen readers. */
export function say(text) {
  const region = document.getElementById("status");
  if (!region) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.textContent = text;
  region.append(toast);
  setTimeout(() => toast.remove(), 5000);
}

/** Whether keys belong to a field just now. */
export function isTyping(event) {
  return event.target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;
}

/** GET a fragment of this portal as an element list, with the response. */
export async function fetchFragment(url) {
  const response = await fetch(url, { headers: { "HX-Request": "true", "HX-Request-Type": "partial", Accept: "text/html" }, credentials: "same-origin" });
  const template = document.createElement("template");
  template.innerHTML = response.ok ? await response.text() : "";
  return { response, content: template.content };
}

document.documentElement.dataset.js = "";
