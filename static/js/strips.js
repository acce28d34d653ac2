// On narrow screens the menu and the tabs scroll sideways: begin where the present page's entry is in sight.
for (const here of document.querySelectorAll(".sidebar [aria-current], .tabs [aria-current]")) {
  const strip = here.closest(".tabs, nav");
  const { left, width } = here.getBoundingClientRect();
  strip.scrollLeft += left - strip.getBoundingClientRect().left - (strip.clientWidth - width) / 2;
}
