// Keys for people who live here: "g" and a letter goes somewhere, "?" lists them; "/" is the palette's.
(() => {
  const CHORD_MS = 1200;
  let chordUntil = 0;

  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;

    if (Date.now() < chordUntil) {
      chordUntil = 0;
      document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
    } else if (event.key === "g") {
      chordUntil = Date.now() + CHORD_MS;
    } else if (event.key === "?") {
      document.getElementById("shortcuts")?.showModal();
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-shortcuts-open]")) document.getElementById("shortcuts").showModal();
  });
})();
