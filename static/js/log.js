/* [data-log=URL]: when told that it grew, asks URL?after=<offset> and appends what comes to its phases. Keeps its place
   unless it follows. Asks again while the answer says there is more; one request at a time. */
import { each, fetchFragment } from "./core.js";

const MOST_LINES = 20000;
const TRIMMED_TO = 15000;

/** Take the oldest lines off a very long log, so that memory stays flat; answers how high they stood. */
function trim(body) {
  const lines = body.getElementsByClassName("log-line");
  if (lines.length <= MOST_LINES) return 0;
  const before = body.scrollHeight;
  for (const line of [...lines].slice(0, lines.length - TRIMMED_TO)) line.remove();
  return before - body.scrollHeight;
}

each("[data-log][data-log-open]", (log) => {
  const body = log.querySelector("[data-log-body]");
  let busy = false;
  let again = false;

  async function grow() {
    if (!log.isConnected || log.dataset.logOpen === undefined) return;
    if (busy) { again = true; return; }
    busy = true;
    try {
      const before = log.dataset.logOffset;
      const { response, content } = await fetchFragment(`${log.dataset.log}?after=${before}`);
      if (response.ok) {
        append(content);
        log.dataset.logOffset = response.headers.get("Gantry-Log-Offset") ?? before;
        if (response.headers.get("Gantry-Log-Complete") === "true") delete log.dataset.logOpen;
        else again ||= log.dataset.logOffset !== before;
      }
    } catch { /* the next hint or poll asks again */ }
    busy = false;
    if (again) { again = false; setTimeout(grow, 60); }
  }

  function append(content) {
    const place = body.scrollTop;
    for (const part of [...content.children]) {
      const known = part.dataset.phase && body.querySelector(`[data-phase="${CSS.escape(part.dataset.phase)}"]`);
      if (!known) { body.append(part); continue; }
      known.querySelector("summary").replaceWith(part.querySelector("summary"));
      known.querySelector(".log-lines").append(...part.querySelectorAll(".log-line"));
    }
    const gone = trim(body);
    body.scrollTop = log.dataset.follow !== undefined ? body.scrollHeight : place - gone;
    log.dispatchEvent(new CustomEvent("log-appended"));
  }

  const events = ["live-poll", ...(log.dataset.logEvent ?? "").split(" ")].filter(Boolean);
  const stop = new AbortController();
  for (const name of events) {
    document.body.addEventListener(name, () => (log.isConnected ? grow() : stop.abort()), { signal: stop.signal });
  }
  grow();
});
