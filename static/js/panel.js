// Links with data-panel load their page into the side panel; without this script they are ordinary links.
(() => {
  const panel = () => document.getElementById("panel");
  const body = () => document.getElementById("panel-body");
  // An open panel is an entry of the history of its own, so that Back closes it. Closed otherwise it leaves the entry,
  // for the next panel or to be skipped: going back at once would take the focus from the link that gets it.
  let isEntry = history.state?.isPanel === true;
  let isOfPanel = false;
  let isChanged = false;

  document.addEventListener("htmx:before:request", (event) => {
    const source = event.detail.ctx.sourceElement;
    const click = event.detail.ctx.sourceEvent;
    if (!source.matches?.("[data-panel]")) return;
    // A modified click asks for a new tab; the browser opens it and the panel stays shut.
    if (click?.metaKey || click?.ctrlKey || click?.shiftKey) event.preventDefault();
  });

  document.addEventListener("htmx:after:swap", (event) => {
    const { target, request, response } = event.detail.ctx;
    if (target !== body()) return;
    if (panel().open) {
      (body().querySelector("[aria-invalid='true']") ?? body().querySelector("[autofocus]") ?? panel().querySelector("[data-panel-close]")).focus();
      isChanged ||= request.method === "POST" && response.status < 400;
      return;
    }
    panel().showModal();
    panel().scrollTop = 0;
    if (isEntry) return;
    history.replaceState({ htmx: true, isBeneath: true }, "");
    history.pushState({ htmx: true, isPanel: true }, "");
    isEntry = true;
  });

  // A form in the panel is answered in the panel; a redirect leads the whole page on (HX-Redirect).
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!body().contains(form) || form.method !== "post") return;
    event.preventDefault();
    if (form.dataset.submitted) return;
    try {
      const headers = { "HX-Target": "div#panel-body" };
      await htmx.ajax("POST", form.action, { source: form, target: body(), swap: "innerHTML", headers, event });
    } finally {
      delete form.dataset.submitted;
      event.submitter?.removeAttribute("aria-busy");
    }
  });

  document.addEventListener("click", (event) => {
    const closer = event.target.closest("[data-panel-close]");
    if (event.target !== panel() && !panel().contains(closer)) return;
    event.preventDefault();
    panel().close();
  });

  document.addEventListener("close", (event) => {
    if (event.target !== panel()) return;
    body().replaceChildren();
    if (isChanged) location.reload();
  }, true);

  addEventListener("popstate", () => {
    const wasEntry = isEntry;
    isEntry = history.state?.isPanel === true;
    isOfPanel = wasEntry || isEntry;
    if (panel().open) panel().close();
    else if (wasEntry && history.state?.isBeneath) history.back();
  });

  // The page beneath the panel is there already: htmx need not fetch it again.
  document.addEventListener("htmx:before:history:restore", (event) => { if (isOfPanel) event.preventDefault(); });
})();
