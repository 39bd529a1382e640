/* The documentation of the API: opens what the address names, finds calls, and sends them. */
import { on, say } from "./core.js";

const LONGEST = 200_000;
const token = document.getElementById("docs-token");
const filter = document.getElementById("docs-filter");
const found = document.getElementById("docs-found");
const calls = [...document.querySelectorAll("[data-call]")];

/** Open what `#/run`, `#/run/runs_create` or `#/shape/Run` names. */
function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.matches("details")) target.open = true;
  target.scrollIntoView({ block: "start" });
  (target.querySelector("summary, h2") || target).focus({ preventScroll: true });
}

function narrow() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const call of calls) {
    call.hidden = !words.every((word) => call.dataset.call.includes(word));
    count += call.hidden ? 0 : 1;
  }
  for (const group of document.querySelectorAll("#docs-calls .doc-group")) group.hidden = !group.querySelector("[data-call]:not([hidden])");
  found.textContent = words.length ? `${count} of ${calls.length} calls` : "";
}

/** What a form asks for: method, URL, headers, body. */
function requestOf(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = {};
  const parts = new FormData();
  for (const input of form.querySelectorAll("[data-place]")) {
    const value = input.type === "file" ? input.files[0] : input.value;
    if (!value) continue;
    if (input.dataset.place === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(value));
    else if (input.dataset.place === "query") query.set(input.name, value);
    else if (input.dataset.place === "header") headers[input.name] = value;
    else parts.set(input.name, value);
  }
  if (token.value) headers.Authorization = `Bearer ${token.value.trim()}`;
  const text = form.querySelector("[data-body]");
  const isForm = form.dataset.bodyType === "multipart/form-data";
  if (form.dataset.bodyType && !isForm) headers["Content-Type"] = form.dataset.bodyType;
  const url = path + (query.size ? `?${query}` : "");
  return { url, options: { method: form.dataset.method, headers, body: isForm ? parts : text ? text.value : undefined, credentials: "omit", cache: "no-store" } };
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function curlOf({ url, options }) {
  const parts = ["curl"];
  if (options.method !== "GET") parts.push("-X", options.method);
  for (const [name, value] of Object.entries(options.headers)) parts.push("-H", name === "Authorization" ? '"Authorization: Bearer $TOKEN"' : quoted(`${name}: ${value}`));
  if (options.body instanceof FormData) for (const [name, value] of options.body) parts.push("-F", quoted(`${name}=${value instanceof File ? `@${value.name}` : value}`));
  else if (options.body) parts.push("--data-binary", quoted(options.body));
  return [...parts, quoted(location.origin + url)].join(" ");
}

function pretty(text, type) {
  if (!/json/.test(type)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function send(form) {
  const part = (name) => form.querySelector(`[data-${name}]`);
  const button = form.querySelector("[type=submit]");
  const stop = new AbortController();
  const { url, options } = requestOf(form);
  const started = performance.now();
  part("result").hidden = false;
  part("stop").hidden = false;
  part("stop").onclick = () => stop.abort();
  part("status").textContent = "Waiting for the answer …";
  part("answer").textContent = part("headers").textContent = "";
  button.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(url, { ...options, signal: stop.signal });
    const type = response.headers.get("Content-Type") || "";
    part("status").textContent = `${response.status} ${response.statusText} · ${Math.round(performance.now() - started)} ms`;
    part("status").dataset.kind = response.ok ? "good" : "bad";
    part("headers").textContent = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    await show(response, type, part("answer"), "stream" in form.dataset);
  } catch (trouble) {
    if (trouble.name !== "AbortError") part("status").textContent = `No answer: ${trouble.message}`;
  } finally {
    button.removeAttribute("aria-busy");
    part("stop").hidden = true;
  }
}

/** Show an answer: a stream as it comes, anything else once it is there. */
async function show(response, type, place, isStream) {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
    if (text.length > LONGEST) {
      reader.cancel();
      text = `${text.slice(0, LONGEST)}\n… cut short here`;
      break;
    }
    if (isStream) place.textContent = text;
  }
  place.textContent = pretty(text, type);
}

on("submit", "[data-try]", (event, form) => {
  event.preventDefault();
  if (!form.querySelector("[type=submit]").hasAttribute("aria-busy")) send(form);
});

on("click", "[data-curl]", async (event, button) => {
  try {
    await navigator.clipboard.writeText(curlOf(requestOf(button.closest("form"))));
    say("Copied; put the token into $TOKEN");
  } catch {
    say("Could not copy: the browser does not allow it here");
  }
});

filter.addEventListener("input", narrow);
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.closest("input, textarea")) return;
  event.preventDefault();
  filter.focus();
});
addEventListener("hashchange", open);
/* After the browser has followed the address itself, which takes the focus away. */
if (document.readyState === "complete") open();
else addEventListener("load", () => setTimeout(open));
