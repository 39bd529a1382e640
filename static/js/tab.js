/* The tab's icon carries the state of main[data-tab-state]; the title's first sign too. */
import { say, whenReady } from "./core.js";

const SIGNS = {
  unconfirmed: ["◆", "#c98a12"], pending_review: ["◇", "#6b3dbd"], finished: ["✓", "#1a8a4c"], failed: ["✕", "#c3352c"],
  canceled: ["◼", "#c3352c"], timed_out: ["⏱", "#c3352c"], discarded: ["⊘", "#7a878c"], stopped: ["◼", "#7a878c"],
  skipped: ["⤼", "#7a878c"], queued: ["○", "#7a878c"], ready: ["◌", "#7a878c"], confirmed: ["◈", "#1d5bb8"],
};
const WORKING = ["◐", "#1d5bb8"];
const plainIcon = document.querySelector("link[rel=icon]")?.href;

const draw = (sign, color) => "data:image/svg+xml," + encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="${color}"/><text x="16" y="23" font-size="20" text-anchor="middle" fill="#fff" font-family="sans-serif">${sign}</text></svg>`);

let last = ["", ""];

/** A state that changed while the page was open is said; one of another page is not. */
function announce(state) {
  const [path, before] = last;
  if (state && before && path === location.pathname && before !== state) say(`Now ${state.replace("_", " ")}`);
  last = [location.pathname, state];
}

whenReady(() => {
  const state = [...document.querySelectorAll("[data-tab-state]")].at(-1)?.dataset.tabState;
  announce(state);
  const icon = document.querySelector("link[rel=icon]");
  const known = state ? SIGNS[state] ?? WORKING : null;
  const title = document.title.replace(/^[◆◇✓✕◼⏱⊘⤼○◌◈◐] /u, "");
  document.title = known ? `${known[0]} ${title}` : title;
  if (icon) icon.href = known ? draw(...known) : plainIcon;
});
