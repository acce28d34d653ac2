// On narrow screens the tabs scroll sideways: begin where the present page's entry is in sight.
for (const here of document.querySelectorAll(".tabs [aria-current]")) {
  const strip = here.closest(".tabs");
  const { left, width } = here.getBoundingClientRect();
  strip.scrollLeft += left - strip.getBoundingClientRect().left - (strip.clientWidth - width) / 2;
}
