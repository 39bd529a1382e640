/* One stream per tab, for all topics of the page: [data-topics="run:ID stack:ID"]. Its hints become DOM events on the body,
   which elements use as hx-trigger="run-changed-ID from:body, live-poll from:body":
     state → run-changed, run-changed-ID, runs-changed · log → log-grew, log-grew-ID · look → live-poll
   [data-place] says up to which move the page was read: what moved while it was on its way is told first, too.
   While the stream cannot be had, "live-poll" is sent every five seconds instead. A hidden tab holds no stream. */
import { whenReady } from "./core.js";

const EVENTS = {
  state: (id) => ["run-changed", `run-changed-${id}`, "runs-changed"],
  log: (id) => ["log-grew", `log-grew-${id}`],
  look: () => ["live-poll"],
};
let source = null;
let asked = "";
let failures = 0;
let poll = null;
let heardAt = -Infinity;
let visitAt = Infinity;

const tell = (name, detail) => document.body.dispatchEvent(new CustomEvent(name, { detail }));

function wanted() {
  const words = [...document.querySelectorAll("[data-topics]")].flatMap((element) => element.dataset.topics.split(/[\s,]+/));
  return [...new Set(words.filter(Boolean))].sort().join(",");
}

/** The stream's address; a page knows its place in the feed, from which nothing may be missed. */
function address() {
  const place = document.querySelector("[data-place]")?.dataset.place;
  return `/events?topics=${encodeURIComponent(asked)}${place ? `&since=${place}` : ""}`;
}

function show(state) {
  for (const sign of document.querySelectorAll("[data-live-indicator]")) {
    sign.dataset.live = state;
    const word = sign.querySelector(".live-word");
    if (word) word.textContent = state === "poll" ? "every 5 s" : "live";
  }
}

function setPolling(yes) {
  if (!yes) { clearInterval(poll); poll = null; }
  else poll ??= setInterval(() => { if (!document.hidden) tell("live-poll"); }, 5000);
}

function stop() {
  source?.close();
  source = null;
  setPolling(false);
}

function start() {
  stop();
  if (!asked || document.hidden) return;
  source = new EventSource(address());
  source.onopen = () => { failures = 0; setPolling(false); show("on"); };
  source.onerror = () => {
    failures += 1;
    if (failures < 2 && source.readyState !== EventSource.CLOSED) return;
    show("poll");
    setPolling(true);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => { if (poll) retry(); }, Math.min(60000, 2000 * 2 ** failures));
  };
  for (const [name, events] of Object.entries(EVENTS)) {
    source.addEventListener(name, (event) => {
      const detail = JSON.parse(event.data || "{}");
      heardAt = performance.now();
      for (const each of events(detail.id)) tell(each, detail);
    });
  }
}

function retry() {
  const polling = poll;
  start();
  if (polling && source) setPolling(true);
}

whenReady(() => {
  const now = wanted();
  show(now ? (poll ? "poll" : source?.readyState === 1 && now === asked ? "on" : "wait") : "off");
  const missed = heardAt > visitAt;
  visitAt = Infinity;
  if (now === asked) {
    // The page before this one was told of something while this one was on its way.
    if (missed) tell("live-poll");
    return;
  }
  asked = now;
  failures = 0;
  start();
});

document.addEventListener("htmx:before:request", (event) => {
  if (event.detail?.ctx?.target === document.body) visitAt = performance.now();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { stop(); return; }
  start();
  if (asked) tell("live-poll");
});
addEventListener("pagehide", stop);
