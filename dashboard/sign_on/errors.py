"""Why a provider's word does not sign somebody in; each a sentence for who tried."""

from __future__ import annotations

from dashboard.errors import BillingError


class NotSignedIn(BillingError):
    """Somebody came from the provider and is not signed in."""

    status = 403
    code = "not_signed_in"


class ProviderAway(NotSignedIn):
    """The provider does not answer, or not as one does."""

    status = 503
    permanent = False

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{capitalized(name)} is not answering. You are not signed in. Try again in a minute."
        )


class NotAllowed(NotSignedIn):
    """The person, or their provider, said no."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{capitalized(name)} did not allow it. You are not signed in. If you did not refuse "
            "on purpose, try again."
        )


class NotBegunHere(NotSignedIn):
    """The answer is of no sign-in that this browser began, or of one that was used or is old."""

    def __init__(self) -> None:
        super().__init__(
            "This sign-in was already used, is too old, or was started in another browser. You "
            "are not signed in. Start again here."
        )


class NotVerified(NotSignedIn):
    """What the provider sent is not what it has to be; `what` is wrong."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(
            f"What {name} sent could not be verified: {what}. You are not signed in. Try again. If "
            "it happens again, tell an admin."
        )


def capitalized(name: str) -> str:
    """Return `name` as a sentence begins with it."""
    return name[:1].upper() + name[1:]
