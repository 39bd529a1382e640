/* dialog[data-palette=URL]: what is typed is asked of URL?q=…, the answer is a fragment of links; arrows choose, Enter opens. */
import { on, fetchFragment } from "./core.js";

let latest = 0;
const list = () => document.getElementById("palette-list");
const options = () => [...list().querySelectorAll("a")];

function choose(item) {
  for (const other of options()) other.setAttribute("aria-selected", String(other === item));
  item?.scrollIntoView({ block: "nearest" });
  item?.setAttribute("id", "palette-now");
  for (const other of options()) if (other !== item) other.removeAttribute("id");
  document.getElementById("palette-q").setAttribute("aria-activedescendant", item ? "palette-now" : "");
}

async function look(dialog) {
  const mine = ++latest;
  const text = dialog.querySelector("input").value.trim();
  try {
    const { content } = await fetchFragment(`${dialog.dataset.palette}?q=${encodeURIComponent(text)}`);
    if (mine !== latest) return;
    list().replaceChildren(content);
    choose(options()[0]);
  } catch { /* offline: what was found before stays */ }
}

on("dialog-opened", "[data-palette]", (event, dialog) => { dialog.querySelector("input").select(); look(dialog); });

let wait = null;
on("input", "[data-palette] input", (event, field) => {
  clearTimeout(wait);
  wait = setTimeout(() => look(field.closest("dialog")), 90);
});

on("keydown", "[data-palette]", (event) => {
  const all = options();
  const at = all.findIndex((item) => item.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown") choose(all[(at + 1) % all.length]);
  else if (event.key === "ArrowUp") choose(all.at(at <= 0 ? -1 : at - 1));
  else if (event.key === "Enter" && all[at]) all[at].click();
  else return;
  event.preventDefault();
});
