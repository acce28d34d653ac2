// The days of a spend chart are one stop of the Tab key: arrows, Home and End go from day to day. A tap shows one as well.
(() => {
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7, Home: -Infinity, End: Infinity };
  const days = (day) => [...day.closest("svg").querySelectorAll(".day")];

  const choose = (day) => {
    for (const one of days(day)) one.setAttribute("tabindex", one === day ? "0" : "-1");
    day.focus();
  };

  document.addEventListener("keydown", (event) => {
    const day = event.target.closest?.(".day");
    const step = STEPS[event.key];
    if (!day || step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const all = days(day);
    choose(all[Math.min(Math.max(all.indexOf(day) + step, 0), all.length - 1)]);
  });

  document.addEventListener("pointerdown", (event) => {
    const day = event.target.closest?.(".day");
    if (day && event.pointerType !== "mouse") choose(day);
  });
})();
