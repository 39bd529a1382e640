/* Before the first paint: the chosen theme. Classic script in the head, so that nothing flashes. */
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("gantry.theme"); } catch { return null; } };
  const choice = () => stored() || root.dataset.themeChoice || "auto";
  const show = () => {
    const now = choice();
    root.dataset.bsTheme = now === "auto" ? (dark.matches ? "dark" : "light") : now;
    for (const button of document.querySelectorAll("[data-theme-set]")) button.setAttribute("aria-pressed", String(button.dataset.themeSet === now));
  };
  root.dataset.js = "";
  show();
  dark.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("htmx:after:swap", show);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-set]");
    if (!button) return;
    try { localStorage.setItem("gantry.theme", button.dataset.themeSet); } catch { /* the choice then lasts as long as the page */ }
    root.dataset.themeChoice = button.dataset.themeSet;
    show();
    button.closest("details")?.removeAttribute("open");
  });
})();
