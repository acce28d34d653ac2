// The box in a list's head picks every row of the page, and the choice of scope says how many are picked.
(() => {
  const boxesOf = (form) => [...document.querySelectorAll(`input[name=id][form="${form}"]`)];

  const show = () => {
    for (const all of document.querySelectorAll("[data-picks-all]")) {
      const boxes = boxesOf(all.dataset.picksAll);
      const picked = boxes.filter((box) => box.checked).length;
      all.hidden = boxes.length === 0;
      all.checked = picked > 0 && picked === boxes.length;
      all.indeterminate = picked > 0 && picked < boxes.length;
      const told = document.querySelector(`#${all.dataset.picksAll} [data-picked]`);
      if (told) told.textContent = picked ? ` (${picked})` : "";
    }
  };

  document.addEventListener("change", (event) => {
    const form = event.target.dataset?.picksAll;
    if (form) for (const box of boxesOf(form)) box.checked = event.target.checked;
    else if (event.target.name !== "id") return;
    show();
  });
  document.addEventListener("htmx:after:swap", show);
  addEventListener("pageshow", show);
})();
