"""The ID token: whose signature it bears, whom it is for, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from dashboard.settings.sign_in import SignInSettings
from dashboard.sign_on.errors import NotVerified
from dashboard.sign_on.records import Claims

# So far two clocks may be apart.
LEEWAY_SECONDS = 60
# Signed with a key that only the provider has, whatever else it offers.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
FOREIGN = "its signature is not the provider's"
CLOCKS = "its clock and ours differ by more than a minute"
WRONG = {
    "iss": "it names another provider",
    "aud": "it is meant for another application",
    "azp": "it is meant for another application",
    "nonce": "it answers another sign-in",
    "at_hash": "its parts do not belong together",
    "iat": CLOCKS,
    "nbf": CLOCKS,
}
log = structlog.get_logger("dashboard.sign_on")


def verified(
    token: Mapping[str, Any], keys: KeySet, *, settings: SignInSettings, nonce: str, now: datetime
) -> dict[str, Any]:
    """Return the claims of an ID token.

    Raises `NotVerified` saying what is wrong, `InvalidKeyIdError` where `keys` lack the key.
    """
    name = settings.oidc_name
    try:
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        decoded = jwt.decode(str(token.get("id_token")), keys, registry=registry)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "values": issuers(settings)},
                "aud": {"essential": True, "values": [str(settings.oidc_client_id)]},
            },
            {
                "nonce": nonce,
                "client_id": settings.oidc_client_id,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
        return dict(claims)
    except InvalidKeyIdError:
        raise
    except ClaimError as error:
        log.warning("claim_refused", claim=error.claim, error=repr(error))
        is_past = isinstance(error, ExpiredTokenError)
        what = CLOCKS if is_past else WRONG.get(error.claim, f"{error.claim} is missing or wrong")
        raise NotVerified(name, what) from error
    except (JoseError, ValueError, TypeError) as error:
        log.warning("signature_refused", error=repr(error))
        raise NotVerified(name, FOREIGN) from error


def issuers(settings: SignInSettings) -> list[str]:
    """Return the names that the provider may give itself: with and without a slash at the end."""
    bare = str(settings.oidc_issuer).rstrip("/")
    return [bare, f"{bare}/"]


def claims_in(claims: Mapping[str, Any], settings: SignInSettings) -> Claims:
    """Return what verified claims say."""
    email, name = claims.get("email"), claims.get("name")
    methods = claims.get("amr")
    return Claims(
        issuer=str(settings.oidc_issuer).rstrip("/"),
        subject=str(claims["sub"]),
        email=email if isinstance(email, str) else None,
        is_email_verified=claims.get("email_verified") is True
        or claims.get("email_verified") == "true",
        name=name if isinstance(name, str) else None,
        values=values_in(claims, settings),
        methods=frozenset(map(str, methods)) if isinstance(methods, list) else frozenset(),
    )


def values_in(claims: Mapping[str, Any], settings: SignInSettings) -> frozenset[str]:
    """Return the values of the claim that tells roles.

    Its name may be that of a claim, dots and all, or a way through several: realm_access.roles.
    """
    name = settings.oidc_roles_claim
    if name is None:
        return frozenset()
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return frozenset({found})
    return frozenset(map(str, found)) if isinstance(found, list) else frozenset()
