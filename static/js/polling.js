// Manners of polling: rest while nobody looks, say when the connection is lost, show how old the data is.
(() => {
  const POLLED = "[data-polled]";
  const LATE_AFTER_SECONDS = 50;

  // The way to the sign-in form would take what is being typed along: it is sent first, and then they sign in.
  const isTyped = (field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked;
  const isTyping = () => document.querySelector("[name=typed]:not([value=''])") !== null
    || [...document.querySelectorAll("form[method=post] :is(input:not([type=hidden]), textarea)")].some(isTyped);
  const polledSource = (event) => event.detail?.ctx?.sourceElement?.closest?.(POLLED);
  const lost = (isLost) => { document.getElementById("connection-lost").hidden = !isLost; };
  // A part whose poll failed shows what it had until that poll is answered, whatever else is: a chart in it, say.
  let isBehind = false;

  document.addEventListener("htmx:before:request", (event) => {
    const isTick = event.detail.ctx.sourceEvent?.type === "every";
    if (isTick && document.hidden) event.preventDefault();
  });

  // A 304 swaps nothing, yet it proves the data current: take the time from the answer's Date.
  document.addEventListener("htmx:after:request", (event) => {
    const { response } = event.detail.ctx;
    const source = polledSource(event);
    const failed = response.status >= 400;
    if (source && response.status === 401) {
      if (!isTyping()) return;
      event.preventDefault();
      const notice = document.getElementById("signed-out");
      // An open panel lies above everything that is not in it.
      (document.querySelector("dialog[open]") ?? document.body).append(notice);
      notice.hidden = false;
      return;
    }
    // Whoever may not see it any more is led to the page that says so.
    if (source && response.headers?.get?.("HX-Redirect")) return;
    const isPoll = event.detail.ctx.sourceElement === source;
    if (isPoll) isBehind = failed;
    if (source && failed) lost(true);
    else if (!failed && !isBehind) lost(false);
    const date = response.headers?.get?.("Date");
    if (!isPoll || !date || failed) return;
    source.dataset.checkedAt = new Date(date).toISOString();
  });

  document.addEventListener("htmx:error", (event) => {
    const source = polledSource(event);
    if (!source) return;
    isBehind ||= event.detail.ctx.sourceElement === source;
    lost(true);
  });

  const showAge = () => {
    for (const region of document.querySelectorAll(`${POLLED}[data-checked-at]`)) {
      const label = region.querySelector("[data-freshness]");
      if (!label) continue;
      const checked = new Date(region.dataset.checkedAt);
      const isLate = Date.now() - checked > LATE_AFTER_SECONDS * 1000;
      // In a sentence only its time moves on, and a part of it is shown when that is late.
      const moment = label.querySelector("[data-counted]");
      const text = moment ? checked.toISOString().slice(11, 16) : `as of ${checked.toISOString().slice(11, 19)} UTC`;
      if ((moment ?? label).textContent !== text) (moment ?? label).textContent = text;
      if (moment) moment.dateTime = checked.toISOString();
      const isSaid = isLate && !document.hidden;
      label.classList.toggle("is-late", isSaid || label.hasAttribute("data-is-late"));
      const late = label.querySelector("[data-late]");
      if (late) late.hidden = !isSaid;
    }
  };

  document.addEventListener("htmx:after:request", () => requestAnimationFrame(showAge));
  document.addEventListener("htmx:after:swap", showAge);
  setInterval(showAge, 5_000);

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const region of document.querySelectorAll(POLLED)) htmx.trigger(region, "wake");
  });
})();
