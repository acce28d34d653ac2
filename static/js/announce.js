// Says aloud what moved, in short sentences, at most every half minute, and marks the figure that did.
(() => {
  const EVERY_MS = 30_000;
  const announced = () => [...document.querySelectorAll("[data-announce]")];
  const sentences = () => new Set(announced().map((one) => one.dataset.announce));
  let shown = sentences();
  let said = shown;
  let saidAt = 0;
  let waits;

  const say = () => {
    const news = [...sentences()].filter((one) => !said.has(one));
    const pause = saidAt + EVERY_MS - Date.now();
    if (!news.length || waits) return;
    if (pause > 0) {
      waits = setTimeout(() => { waits = undefined; say(); }, pause);
      return;
    }
    document.getElementById("announcer").textContent = news.join(" ");
    said = sentences();
    saidAt = Date.now();
  };

  document.addEventListener("htmx:after:swap", () => {
    for (const one of announced()) one.classList.toggle("changed", !shown.has(one.dataset.announce));
    shown = sentences();
    say();
  });
})();
