// A button with data-copy puts that text on the clipboard and says so to everybody, also aloud.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;

  const announcer = document.getElementById("announcer");
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    announcer.textContent = `Copied ${button.dataset.copy}`;
    button.dataset.copied = "";
    setTimeout(() => delete button.dataset.copied, 1500);
  } catch {
    announcer.textContent = "The browser did not allow copying. Select the text instead.";
  }
});
