/* [data-rail-count=NAME]: the counts of the sidebar, asked for again when runs have changed; at most once in two seconds.
   The hints do not bubble: they are heard on their way to the body. */

const PAUSE_MS = 2000;
let askedAt = -PAUSE_MS;
let waiting = null;

function show(counts) {
  for (const element of document.querySelectorAll("[data-rail-count]")) {
    const count = counts[element.dataset.railCount] ?? "";
    if (element.textContent === count) continue;
    element.textContent = count;
    element.hidden = !count;
    element.setAttribute("aria-label", `${count} waiting or at work`);
  }
}

async function ask() {
  waiting = null;
  askedAt = performance.now();
  try {
    const response = await fetch("/counts", { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (response.ok) show(await response.json());
  } catch { /* The portal is away: the sign of the stream says so, and the next hint asks again. */ }
}

function due() {
  if (document.hidden || !document.querySelector("[data-rail-count]")) return;
  waiting ??= setTimeout(ask, Math.max(0, askedAt + PAUSE_MS - performance.now()));
}

document.addEventListener("runs-changed", due, true);
document.addEventListener("live-poll", due, true);
