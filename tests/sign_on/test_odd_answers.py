"""Whatever a provider says, of people or of itself, is refused in words and breaks nothing."""

from contextlib import suppress
from typing import Any

import pytest

from dashboard.sign_on.errors import NotSignedIn
from dashboard.sign_on.provider import DISCOVERY
from tests.sign_on.visits import come_back, ours
from tests.support.provider import LoopbackProvider

ODD: tuple[Any, ...] = (
    1, 1.5, True, "", "x", "x" * 3000, [], ["x"], [[]], {}, {"a": 1}, 10**400, "\ud800", -1,
)  # fmt: skip


@pytest.mark.parametrize(
    "claim",
    [
        "iss", "aud", "azp", "nonce", "exp", "sub", "iat", "nbf", "at_hash", "auth_time", "amr",
        "acr", "email", "email_verified", "name", "groups",
    ],
)  # fmt: skip
def test_a_claim_of_any_other_kind_is_no_failure_of_ours(
    there: LoopbackProvider, claim: str
) -> None:
    provider = ours(there, oidc_roles_claim="groups", oidc_roles="billing=support")
    for odd in ODD:
        there.lies = {claim: odd}
        try:
            told = come_back(provider, there)
        except NotSignedIn:
            continue
        assert told.subject, odd
        assert told.email is None or isinstance(told.email, str), odd
        if claim == "email_verified":
            assert told.is_email_verified is (odd is True), odd


@pytest.mark.parametrize("odd", [None, 1, "x", [], {}, ["x"], {"sub": 1}])
def test_whatever_a_provider_says_of_itself_is_no_failure_of_ours(
    there: LoopbackProvider, odd: object
) -> None:
    there.tells_by_userinfo = True
    for name in (
        "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint",
        "token_endpoint_auth_methods_supported",
    ):  # fmt: skip
        there.document = {name: odd}
        with suppress(NotSignedIn):
            come_back(ours(there), there)


@pytest.mark.parametrize(
    "answer", ["null", "[]", "1", '"x"', "{}", "", "<html>", '{"id_token": 1}']
)
@pytest.mark.parametrize("where", ["/token", "/userinfo", "/jwks", DISCOVERY])
def test_an_answer_that_is_none_is_no_failure_of_ours(
    there: LoopbackProvider, where: str, answer: str
) -> None:
    there.tells_by_userinfo = True
    there.answers[where] = answer
    with pytest.raises(NotSignedIn):
        come_back(ours(there), there)
