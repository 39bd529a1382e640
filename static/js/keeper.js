/* What was typed survives a 403, a 404, an expired session: forms of the page are kept in this tab until they were sent
   and the answer was another page. Never passwords, secret fields, files or the CSRF token. */
import { on, whenReady, say } from "./core.js";

const key = (form) => `gantry.form:${location.pathname}:${form.getAttribute("action")}`;
const store = { get: (k) => { try { return sessionStorage.getItem(k); } catch { return null; } }, set: (k, v) => { try { sessionStorage.setItem(k, v); } catch { /* full or forbidden: nothing is kept */ } }, drop: (k) => { try { sessionStorage.removeItem(k); } catch { /* as above */ } } };
const isKept = (field) => field.name && field.name !== "csrf_token" && field.name !== "confirm" && field.name !== "version"
  && !["password", "file", "hidden", "submit"].includes(field.type) && field.dataset.secret === undefined
  // The value beside a ticked "secret" box is secret whatever its own type says.
  && !(field.closest("[data-pair]")?.querySelector("[data-makes-secret]")?.checked && field.name.endsWith("-value"));
const fields = (form) => [...form.elements].filter(isKept);

on("input", "form[method=post]", (event, form) => {
  const values = fields(form).map((field) => [field.name, field.type === "checkbox" || field.type === "radio" ? [field.value, field.checked] : field.value]);
  store.set(key(form), JSON.stringify(values));
}, true);

on("submit", "form[method=post]", (event, form) => store.set("gantry.sent", key(form)), true);

function restore(form) {
  const kept = store.get(key(form));
  if (!kept) return;
  const left = JSON.parse(kept);
  let changed = false;
  for (const field of fields(form)) {
    const at = left.findIndex(([name, value]) => name === field.name && (!Array.isArray(value) || value[0] === field.value));
    if (at < 0) continue;
    const [[, value]] = left.splice(at, 1);
    if (Array.isArray(value)) { changed ||= field.checked !== value[1]; field.checked = value[1]; }
    else { changed ||= field.value !== value; field.value = value; }
  }
  if (changed) say("What you had typed here was put back");
}

// A page that is no error and no sign-in after a form was sent: it arrived, so its copy can go. After a refusal it
// stays until the form has been seen again.
const sent = store.get("gantry.sent");
const isRefusal = document.querySelector(".error-code, form[action*='sign-in'], [aria-invalid=true]") !== null;
if (sent && !isRefusal) store.drop(sent);
store.drop("gantry.sent");

const seen = new WeakSet();
whenReady(() => {
  for (const form of document.querySelectorAll("form[method=post].form, form[method=post][data-keep]")) {
    if (!seen.has(form)) { seen.add(form); restore(form); }
  }
});
