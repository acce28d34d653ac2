"""The company's OpenID Connect provider: the one place that speaks to it, by Authlib.

Authorization code flow with PKCE. Its address and keys are read from its discovery document and
kept for an hour.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from threading import RLock
from typing import Any

import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet
from requests.exceptions import RequestException

from dashboard.settings.sign_in import SignInSettings
from dashboard.sign_on.errors import NotAllowed, NotVerified, ProviderAway
from dashboard.sign_on.records import Asked, Claims
from dashboard.sign_on.token import FOREIGN, claims_in, values_in, verified

PATIENCE_SECONDS = 5.0
KEPT_SECONDS = 3600.0
AWAY_SECONDS = 10.0
FIRST_SECONDS = 1.0
DISCOVERY = "/.well-known/openid-configuration"
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
log = structlog.get_logger("dashboard.sign_on")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the provider tells of itself."""

    document: dict[str, Any]
    keys: KeySet
    read_at: float

    def __getitem__(self, name: str) -> str:
        return str(self.document[name])


class Provider:
    """Signs people in by the word of the provider that the settings name."""

    def __init__(
        self, settings: SignInSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings, self.clock = settings, clock
        self.name = settings.oidc_name
        self.issuer = str(settings.oidc_issuer)
        self._metadata: Metadata | None = None
        self._away_until = clock()
        self._reading = RLock()

    def begin(self, redirect_uri: str) -> Asked:
        """Return where to send somebody, and what to keep until they are back.

        Raises `ProviderAway`.
        """
        metadata, asked = self._known(), (token_urlsafe(32), token_urlsafe(48))
        nonce, verifier = asked
        with self._session(redirect_uri) as session:
            url, state = session.create_authorization_url(
                metadata["authorization_endpoint"], nonce=nonce, code_verifier=verifier
            )
        return Asked(url=url, state=state, nonce=nonce, verifier=verifier)

    def finish(
        self, code: str, *, nonce: str, verifier: str, redirect_uri: str, now: datetime
    ) -> Claims:
        """Return who came back with `code`; raises `NotSignedIn`, of whichever kind."""
        metadata = self._known()
        with self._session(redirect_uri, metadata) as session:
            token = self._token(session, metadata, code, verifier)
            claims = self._verified(metadata, token, nonce=nonce, now=now)
            return self._told(claims, session, metadata)

    def _token(
        self, session: OAuth2Session, metadata: Metadata, code: str, verifier: str
    ) -> dict[str, Any]:
        """Return what the provider gives for a code; raises `NotAllowed` where it refuses."""
        try:
            token: dict[str, Any] = session.fetch_token(
                metadata["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
            )
        except OAuthError as refused:
            log.warning("code_refused", error=refused.error, description=refused.description)
            raise NotAllowed(self.name) from refused
        except (RequestException, ValueError, KeyError) as error:
            raise self._away(error) from error
        return token

    def _verified(
        self, metadata: Metadata, token: dict[str, Any], *, nonce: str, now: datetime
    ) -> dict[str, Any]:
        def check(keys: KeySet) -> dict[str, Any]:
            return verified(token, keys, settings=self.settings, nonce=nonce, now=now)

        try:
            return check(metadata.keys)
        except InvalidKeyIdError:
            # Keys are changed in passing: the token is signed with one that we have not read yet.
            self._metadata = None
        try:
            return check(self._known().keys)
        except InvalidKeyIdError as error:
            raise NotVerified(self.name, FOREIGN) from error

    def _told(self, claims: dict[str, Any], session: OAuth2Session, metadata: Metadata) -> Claims:
        """Return the claims as a record; some providers tell most of them only when asked."""
        wanted = {"email", "email_verified"}
        is_whole = wanted <= claims.keys() and (
            self.settings.oidc_roles_claim is None or values_in(claims, self.settings)
        )
        if not is_whole and "userinfo_endpoint" in metadata.document:
            claims = self._told_more(session, metadata, str(claims["sub"])) | claims
        return claims_in(claims, self.settings)

    def _told_more(
        self, session: OAuth2Session, metadata: Metadata, subject: str
    ) -> dict[str, Any]:
        try:
            answer = session.get(metadata["userinfo_endpoint"])
            answer.raise_for_status()
            told = answer.json()
        except (RequestException, OAuthError, ValueError) as error:
            raise self._away(error) from error
        if not isinstance(told, dict) or told.get("sub") != subject:
            raise NotVerified(self.name, "it names another person")
        return told

    def _known(self) -> Metadata:
        """Return what is known of the provider, read again once it is old.

        One thread reads; others go on with what was known, or wait a little for the very first. A
        provider that did not answer is left alone for a moment: it costs everybody a thread.
        """
        kept = self._metadata
        if kept is not None and self.clock() - kept.read_at <= KEPT_SECONDS:
            return kept
        if self.clock() < self._away_until:
            raise ProviderAway(self.name)
        if not self._reading.acquire(timeout=0 if kept else FIRST_SECONDS):
            if kept is None:
                raise ProviderAway(self.name)
            return kept
        try:
            return self._known() if self._metadata is not kept else self._read_anew()
        finally:
            self._reading.release()

    def _read_anew(self) -> Metadata:
        # Another may have waited for it in vain just now.
        if self.clock() < self._away_until:
            raise ProviderAway(self.name)
        try:
            kept = self._metadata = self._read()
        except ProviderAway:
            self._away_until = self.clock() + AWAY_SECONDS
            raise
        return kept

    def _read(self) -> Metadata:
        try:
            with self._session() as session:
                document = _json(session, self.issuer.rstrip("/") + DISCOVERY)
                if str(document["issuer"]).rstrip("/") != self.issuer.rstrip("/"):
                    raise ValueError(f"it calls itself {document['issuer']}")
                if wrong := [name for name in NEEDED if not _is_address(document[name])]:
                    raise ValueError(f"it has no address as {', '.join(wrong)}")
                keys = KeySet.import_key_set(_json(session, document["jwks_uri"]))
        except (RequestException, ValueError, KeyError, TypeError) as error:
            raise self._away(error) from error
        return Metadata(document, keys, self.clock())

    def _session(
        self, redirect_uri: str | None = None, metadata: Metadata | None = None
    ) -> OAuth2Session:
        document = metadata.document if metadata else {}
        methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        known = methods if isinstance(methods, list) else []
        is_basic = "client_secret_basic" in known or "client_secret_post" not in known
        return OAuth2Session(
            self.settings.oidc_client_id,
            self.settings.oidc_client_secret,
            token_endpoint_auth_method="client_secret_" + ("basic" if is_basic else "post"),
            scope=self.settings.oidc_scopes,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            default_timeout=PATIENCE_SECONDS,
            # Used at once: one that lasts for less than a minute does too.
            leeway=0,
        )

    def _away(self, error: Exception) -> ProviderAway:
        log.warning("provider_away", issuer=self.issuer, error=repr(error))
        return ProviderAway(self.name)


def _is_address(told: object) -> bool:
    """Whether this is an address that somebody can be led to, or that can be asked."""
    return isinstance(told, str) and told.startswith(("https://", "http://"))


def _json(session: OAuth2Session, url: str) -> Any:
    answer = session.get(url, withhold_token=True)
    answer.raise_for_status()
    return answer.json()
