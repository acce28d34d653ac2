// Links with data-panel load their page into the side panel; without this script they are ordinary links.
// An open panel has the address of its page: reloaded or sent to somebody it is that page, Back closes it, Forward opens it.
// What is typed in it is not lost by closing it, however: it asks first.
(() => {
  const panel = () => document.getElementById("panel");
  const body = () => document.getElementById("panel-body");
  const path = (address) => new URL(address, location.href).pathname;
  // The page of this document, whatever lies above it. Its query changes as groups are opened.
  let page = location.href;
  const isOverThis = (state) => state?.isPanel === true && path(state.page) === path(page);
  // An open panel is an entry of the history of its own. Closed otherwise than by Back it leaves the entry, for the next
  // panel or to be skipped: going back at once would take the focus from the link that gets it.
  let isEntry = isOverThis(history.state);
  let isOfPanel = false;
  let isChanged = false;
  let isAnswered = false;
  let shown = page;
  let next = null;
  let field = null;

  // Whoever was quicker than this script has gone on within the document already, from the address that it was loaded by.
  const [loaded] = performance.getEntriesByType("navigation");
  const isElsewhere = loaded.redirectCount === 0 && path(loaded.name) !== path(page);
  if (isElsewhere && (history.state?.isPanel || history.state?.isBeneath)) location.reload();

  const record = (address) => {
    if (!isEntry) history.replaceState({ htmx: true, isBeneath: true }, "");
    history[isEntry ? "replaceState" : "pushState"]({ htmx: true, isPanel: true, page }, "", address);
    isEntry = true;
    shown = address;
  };

  // A form that came back with an answer holds what was typed as if it had always been there.
  const isText = (field) => !field.matches("[type=radio], [type=checkbox], select");
  const isOther = (field) => (field.options
    ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected))
    : field.value !== field.defaultValue || field.checked !== field.defaultChecked);
  const isTyped = () => [...body().querySelectorAll("form[method=post] :is(input:not([type=hidden]), textarea, select)")]
    .some((field) => isOther(field) || (isAnswered && isText(field) && field.value !== ""));
  const question = () => document.getElementById("panel-question");
  const leave = () => { if (isTyped()) question().showModal(); else panel().close(); };
  const into = (method, address, more) =>
    htmx.ajax(method, address, { target: body(), swap: "innerHTML", headers: { "HX-Target": "div#panel-body" }, ...more });

  // A modified click asks for a new tab or window, which the browser opens: htmx would cancel it before it looks.
  document.addEventListener("click", (event) => {
    if ((event.metaKey || event.ctrlKey || event.shiftKey) && event.target.closest?.("a[hx-get]")) event.stopPropagation();
  }, true);

  // What the page asks for, a refresh say, is answered as the page is looked at: not by the panel's address.
  document.addEventListener("htmx:config:request", (event) => {
    if (panel().open) event.detail.ctx.request.headers["HX-Current-URL"] = page;
  });

  document.addEventListener("htmx:before:history:update", (event) => {
    if (!panel().open) return;
    event.preventDefault();
    page = new URL(event.detail.history.path, page).href;
    history.replaceState({ ...history.state, page }, "");
  });
  document.addEventListener("htmx:after:history:update", () => { page = location.href; });

  document.addEventListener("htmx:after:swap", (event) => {
    const { target, request, response } = event.detail.ctx;
    if (target !== body()) return;
    if (request.method === "GET") record(response.raw?.url || request.action);
    isAnswered = request.method === "POST";
    if (panel().open) {
      (body().querySelector("[aria-invalid='true']") ?? body().querySelector("[autofocus]") ?? panel().querySelector("[data-panel-close]")).focus();
      isChanged ||= request.method === "POST" && response.status < 400;
      return;
    }
    panel().showModal();
    panel().scrollTop = 0;
  });

  // A form in the panel is answered in the panel; a redirect leads the whole page on (HX-Redirect).
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!body().contains(form) || form.method !== "post") return;
    event.preventDefault();
    if (form.dataset.submitted) return;
    try {
      await into("POST", form.action, { source: form, event });
    } finally {
      delete form.dataset.submitted;
      event.submitter?.removeAttribute("aria-busy");
    }
  });

  // The page that a form leads on to takes the place of the panel, so that Back from there leads to the page beneath; where
  // it is that very page, it takes its place as well.
  document.addEventListener("htmx:after:request", (event) => {
    const { target, response } = event.detail.ctx;
    const to = target === body() && response.headers?.get?.("HX-Redirect");
    if (!to || !isEntry) return;
    event.preventDefault();
    if (path(to) !== path(page)) location.replace(to);
    else {
      next = to;
      history.back();
    }
  });

  document.addEventListener("click", (event) => {
    const closer = event.target.closest("[data-panel-close]");
    if (event.target !== panel() && !panel().contains(closer)) return;
    event.preventDefault();
    leave();
  });

  // The key is caught as it is pressed: what a browser asks before it closes a dialog can be refused but once.
  document.addEventListener("keydown", (event) => {
    const isAbove = document.querySelector("dialog[open]:not(#panel)") !== null;
    if (event.key !== "Escape" || event.isComposing || !panel().open || isAbove || !isTyped()) return;
    event.preventDefault();
    leave();
  }, true);
  document.addEventListener("cancel", (event) => {
    if (event.target !== panel() || !isTyped()) return;
    event.preventDefault();
    leave();
  }, true);
  // Whoever keeps the text goes on where they wrote, not at what they pressed.
  document.addEventListener("focusin", ({ target }) => { if (body().contains(target) && target.form) field = target; });
  document.addEventListener("close", ({ target }) => { if (target === question() && panel().open) field?.focus(); }, true);
  document.addEventListener("click", (event) => {
    const answer = event.target.closest("#panel-question button");
    if (!answer) return;
    question().close();
    if (answer.hasAttribute("data-panel-discard")) panel().close();
  });

  document.addEventListener("close", (event) => {
    if (event.target !== panel()) return;
    body().replaceChildren();
    if (isOverThis(history.state)) history.replaceState({ ...history.state, isShut: true }, "", page);
    if (isChanged) location.reload();
  }, true);

  addEventListener("popstate", () => {
    const state = history.state;
    const wasEntry = isEntry;
    isEntry = isOverThis(state);
    isOfPanel = wasEntry || isEntry;
    if (next) location.replace(next);
    else if (isEntry) {
      if (!state.isShut) into("GET", location.href);
    } else if (state?.isPanel || (state?.isBeneath && path(location.href) !== path(page))) {
      // This document is the panel's page, loaded anew by its address; that entry was made above another page.
      isOfPanel = true;
      location.reload();
    } else if (panel().open && isTyped() && !question().open) {
      isEntry = true;
      history.pushState({ htmx: true, isPanel: true, page }, "", shown);
      leave();
    } else if (panel().open) {
      question().close();
      panel().close();
    }
    else if (wasEntry && state?.isBeneath) history.back();
  });

  // The page beneath the panel is there already: htmx need not fetch it again.
  document.addEventListener("htmx:before:history:restore", (event) => { if (isOfPanel) event.preventDefault(); });
})();
