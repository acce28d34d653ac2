// Runs in <head> before the first paint: follow the system's theme unless the reader chose one, and
// tell the style sheets that scripts run.
(() => {
  const root = document.documentElement;
  root.classList.add("has-js");
  if (root.dataset.theme !== "auto") return;

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  follow();
  dark.addEventListener("change", follow);
})();
