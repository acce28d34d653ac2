"""Going to a provider and coming back, as a browser is led there."""

from typing import Any

from dashboard.clock import utc_now
from dashboard.settings.sign_in import SignInSettings
from dashboard.sign_on.provider import Provider
from dashboard.sign_on.records import Asked, Claims
from tests.support.provider import CLIENT_ID, CLIENT_SECRET, LoopbackProvider

HERE = "http://localhost:8000/sign-on/callback"


class Time:
    """A clock that tests move."""

    now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


def ours(there: LoopbackProvider, clock: Time | None = None, **settings: Any) -> Provider:
    """Return our side of it."""
    told = {"oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET, "oidc_name": "Acme"}
    chosen = SignInSettings(**({"oidc_issuer": there.url} | told | settings))
    return Provider(chosen, clock=clock or Time())


def come_back(
    provider: Provider, there: LoopbackProvider, asked: Asked | None = None, **other: str
) -> Claims:
    """Go there, consent, and return what we make of the answer."""
    asked = asked or provider.begin(HERE)
    back = there.authorize(asked.url)
    code = back.split("code=")[1].split("&")[0]
    kept = {"nonce": asked.nonce, "verifier": asked.verifier, "redirect_uri": HERE} | other
    return provider.finish(code, now=utc_now(), **kept)
