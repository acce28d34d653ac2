// Links with data-panel load their page into the side panel; without this script they are ordinary links.
(() => {
  const panel = () => document.getElementById("panel");
  const body = () => document.getElementById("panel-body");

  document.addEventListener("htmx:before:request", (event) => {
    const source = event.detail.ctx.sourceElement;
    const click = event.detail.ctx.sourceEvent;
    if (!source.matches?.("[data-panel]")) return;
    // A modified click asks for a new tab; the browser opens it and the panel stays shut.
    if (click?.metaKey || click?.ctrlKey || click?.shiftKey) event.preventDefault();
  });

  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.target !== body() || panel().open) return;
    panel().showModal();
    panel().scrollTop = 0;
  });

  document.addEventListener("click", (event) => {
    const outside = event.target === panel();
    if (outside || event.target.closest("[data-panel-close]")) panel().close();
  });

  document.addEventListener("close", (event) => {
    if (event.target === panel()) body().replaceChildren();
  }, true);
})();
