// A form with data-passkey asks the browser for a passkey, or for a signature by one, and sends the answer along. What is
// asked comes from the server with the page: data-options.
const PASSKEYS = {
  create: (options) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  get: (options) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
};

function offerPasskeys(within) {
  if (typeof PublicKeyCredential === "undefined" || !PublicKeyCredential.parseRequestOptionsFromJSON) return;
  for (const form of within.querySelectorAll("form[data-passkey]")) form.hidden = false;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const answer = form.elements.credential;
  if (!form.dataset.passkey || answer.value) return;
  // Before any other listener of this: the form is not under way yet.
  event.preventDefault();
  event.stopImmediatePropagation();

  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = true;
  try {
    const credential = await PASSKEYS[form.dataset.passkey](JSON.parse(form.dataset.options));
    answer.value = JSON.stringify(credential.toJSON());
    form.requestSubmit();
  } catch (error) {
    problem.textContent = error.name === "InvalidStateError"
      ? "This device already has a passkey for you."
      : "The browser did not provide a passkey. Nothing was changed. Try again.";
    problem.hidden = false;
  }
}, true);

offerPasskeys(document);
