/* time[data-ago] stays relative; [data-ticking][data-started=ISO] counts on while something runs. One timer for all. */

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

function tick() {
  if (document.hidden) return;
  for (const element of document.querySelectorAll("time[data-ago]")) put(element, relative(since(element.dateTime)));
  for (const element of document.querySelectorAll("[data-ticking]")) put(element, duration(since(element.dataset.started)));
}

setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);
