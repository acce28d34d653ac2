// Says aloud that a figure moved: one short sentence, at most every half minute, never the whole table.
(() => {
  const EVERY_MS = 30_000;
  let said = document.querySelector("[data-announce]")?.dataset.announce;
  let saidAt = 0;

  document.addEventListener("htmx:after:swap", () => {
    const sentence = document.querySelector("[data-announce]")?.dataset.announce;
    if (!sentence || sentence === said || Date.now() - saidAt < EVERY_MS) return;
    document.getElementById("announcer").textContent = sentence;
    said = sentence;
    saidAt = Date.now();
  });
})();
