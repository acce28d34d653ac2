// Search and go to, over any page: "/" or Ctrl-K opens it, arrows choose, Enter goes there, Escape closes it. What is not
// chosen yet because it is still being asked for goes to the search page, which leads an exact id straight on.
(() => {
  const palette = document.getElementById("palette");
  if (!palette) return;
  const field = palette.querySelector("input");
  const results = document.getElementById("palette-results");

  const options = () => [...results.querySelectorAll("[role='option']")];
  const chosen = () => results.querySelector("[aria-selected='true']");
  // The field of a palette just closed keeps the focus until the next frame.
  const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable]")?.checkVisibility();
  const isAnswered = () => results.firstElementChild?.dataset.saidOf === field.value.trim();

  const choose = (option) => {
    chosen()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
  };

  const open = () => {
    if (palette.open) return;
    document.querySelector("[popover]:popover-open")?.hidePopover();
    palette.showModal();
    field.select();
    field.dispatchEvent(new Event("input"));
  };

  const move = (step) => {
    const all = options();
    if (all.length) choose(all[(all.indexOf(chosen()) + step + all.length) % all.length]);
  };

  document.addEventListener("keydown", (event) => {
    const isCall = event.key === "/" && !event.metaKey && !event.ctrlKey && !event.altKey
      && !isTyping(event.target) && !document.querySelector("dialog[open]");
    const isChord = event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey;
    if (!isCall && !isChord) return;
    event.preventDefault();
    open();
  });

  document.addEventListener("click", (event) => {
    if (event.target === palette) palette.close();
    if (!event.target.closest("[data-palette-open]") || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });

  // htmx begins after the page is there: what was typed before nobody heard.
  document.addEventListener("htmx:after:process", () => {
    if (palette.open) field.dispatchEvent(new Event("input"));
  }, { once: true });

  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && isAnswered() && chosen()) {
      event.preventDefault();
      if (event.metaKey || event.ctrlKey) window.open(chosen().href, "_blank", "noopener");
      else location.assign(chosen().href);
    }
  });

  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.target === results) choose(options()[0]);
  });
})();
