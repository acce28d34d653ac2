// A second press of a button while its form is under way changes nothing; the server's idempotency key is the real guard.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.submitted) {
    event.preventDefault();
    return;
  }
  form.dataset.submitted = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});

// Back from another page restores this one as it was left: let the buttons work again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-submitted]")) {
    delete form.dataset.submitted;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});
