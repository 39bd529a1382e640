/* time[data-ago] stays relative; [data-ticking][data-started=ISO] counts on while something runs; [data-look-in=SECONDS]
   will say something else by the clock alone, of which no hint tells: it looks again then. One timer for all. */

const STEPS = [[60, 1, "s"], [3600, 60, "min"], [86400, 3600, "h"], [7 * 86400, 86400, "d"]];

function relative(seconds) {
  const distance = Math.abs(seconds);
  if (distance < 5) return "just now";
  const step = STEPS.find(([limit]) => distance < limit);
  if (!step) return null;
  const words = `${Math.floor(distance / step[1])} ${step[2]}`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

function duration(seconds) {
  const s = Math.max(0, seconds);
  if (s < 9.95) return `${s.toFixed(1)} s`;
  if (s < 59.5) return `${Math.round(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m ${Math.floor(s % 60)} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} m`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

const put = (element, text) => { if (text && element.textContent !== text) element.textContent = text; };
const since = (iso) => (Date.now() - Date.parse(iso)) / 1000;

const due = new WeakMap();

function look(element) {
  const said = element.dataset.lookIn;
  if (due.get(element)?.said !== said) due.set(element, { said, at: performance.now() + 1000 * said });
  const kept = due.get(element);
  if (performance.now() < kept.at) return;
  kept.at = Infinity;  // Once, until the server names another time.
  document.body.dispatchEvent(new CustomEvent("live-poll"));
}

function tick() {
  if (document.hidden) return;
  for (const element of document.querySelectorAll("time[data-ago]")) put(element, relative(since(element.dateTime)));
  for (const element of document.querySelectorAll("[data-ticking]")) put(element, duration(since(element.dataset.started)));
  document.querySelectorAll("[data-look-in]").forEach(look);
}

setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);
