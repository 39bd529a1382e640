/* After a boosted visit: focus on the title, as a fresh page would have it; a thin line while a page is on its way. */

import { whenReady } from "./core.js";

const root = document.documentElement;
const isVisit = (event) => event.detail?.ctx?.target === document.body;

let focusedBefore = null;
const hasMoved = () => ![document.body, null, focusedBefore].includes(document.activeElement);

document.addEventListener("htmx:before:request", (event) => {
  if (!isVisit(event)) return;
  root.dataset.loading = "";
  focusedBefore = document.activeElement;
});
document.addEventListener("htmx:finally:request", () => delete root.dataset.loading);
document.addEventListener("htmx:after:swap", (event) => {
  if (!isVisit(event)) return;
  // Whoever was quicker than this event is in a field of the new page already, and stays there.
  if (!hasMoved()) document.querySelector("h1")?.focus({ preventScroll: true });
  if (!location.hash) scrollTo(0, 0);
});

// htmx sends the token of this page with what it posts by itself; forms carry their own field.
document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector("meta[name=csrf-token]")?.content;
  const request = event.detail.ctx?.request;
  if (token && request && request.method !== "GET") request.headers["X-CSRFToken"] = token;
});

// [data-stand-at=URL]: the answer to a form, which has no address of its own. “Back” and “reload” show that URL then,
// and neither fails nor sends the form again.
whenReady(() => {
  const stand = document.querySelector("[data-stand-at]")?.dataset.standAt;
  if (stand) history.replaceState(history.state, "", stand);
});
