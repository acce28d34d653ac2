"""A provider's word counts only if it is the provider's, for us, for this sign-in, and now."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from joserfc.jwk import RSAKey

from dashboard.clock import utc_now
from dashboard.sign_on import provider as module
from dashboard.sign_on.errors import NotAllowed, NotSignedIn, NotVerified, ProviderAway
from dashboard.sign_on.provider import AWAY_SECONDS, KEPT_SECONDS
from dashboard.sign_on.records import Claims
from tests.sign_on.visits import HERE, Time, come_back, ours
from tests.support.provider import LoopbackProvider


def test_who_consents_is_known_by_their_claims(there: LoopbackProvider) -> None:
    there.claims |= {"amr": ["pwd", "mfa"], "groups": ["billing", "all"]}
    provider = ours(there, oidc_roles_claim="groups", oidc_roles="billing=support")
    assert come_back(provider, there) == Claims(
        issuer=there.url,
        subject="0001",
        email="ada@example.com",
        is_email_verified=True,
        name="Ada",
        values=frozenset({"billing", "all"}),
        methods=frozenset({"pwd", "mfa"}),
    )


@pytest.mark.parametrize(
    ("lies", "words"),
    [
        ({"iss": "https://evil.test"}, "names another provider"),
        ({"iss": None}, "names another provider"),
        ({"aud": "another"}, "meant for another application"),
        ({"aud": ["another", "third"]}, "meant for another application"),
        ({"aud": ["billing", "another"], "azp": "another"}, "meant for another application"),
        ({"nonce": "another"}, "answers another sign-in"),
        ({"nonce": None}, "answers another sign-in"),
        ({"exp": 1_000_000_000}, "clock"),
        ({"exp": None}, "exp is missing"),
        ({"sub": None}, "sub is missing"),
        ({"iat": 4_000_000_000}, "clock"),
        ({"nbf": 4_000_000_000}, "clock"),
        ({"at_hash": "wrong"}, "do not belong together"),
    ],
)
def test_a_claim_that_is_wrong_signs_nobody_in(
    there: LoopbackProvider, lies: dict[str, object], words: str
) -> None:
    there.lies = lies
    with pytest.raises(NotVerified, match=words) as refused:
        come_back(ours(there), there)
    assert "You are not signed in" in refused.value.message


@pytest.mark.parametrize(
    ("ahead", "is_fine"), [(50, True), (-340, True), (90, False), (-400, False)]
)
def test_clocks_may_differ_by_a_minute(there: LoopbackProvider, ahead: int, is_fine: bool) -> None:
    there.seconds_ahead = ahead
    if is_fine:
        assert come_back(ours(there), there)
    else:
        with pytest.raises(NotVerified, match="clock"):
            come_back(ours(there), there)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_signature_that_anybody_could_make_is_none(
    there: LoopbackProvider, algorithm: str
) -> None:
    there.algorithm = algorithm
    with pytest.raises(NotVerified, match="signature"):
        come_back(ours(there), there)


def test_a_signature_of_another_key_is_none(there: LoopbackProvider) -> None:
    there.key = RSAKey.generate_key(2048, {"kid": "first"}, private=True)
    with pytest.raises(NotVerified, match="signature"):
        come_back(ours(there), there)


def test_a_new_key_is_learned_when_it_is_first_used(there: LoopbackProvider) -> None:
    provider = ours(there)
    come_back(provider, there)
    there.key = there.shown_key = RSAKey.generate_key(2048, {"kid": "second"}, private=True)
    assert come_back(provider, there)
    assert there.asked.count("/jwks") == 2


def test_a_key_that_the_provider_does_not_show_is_not_learned(there: LoopbackProvider) -> None:
    provider = ours(there)
    there.key = RSAKey.generate_key(2048, {"kid": "second"}, private=True)
    with pytest.raises(NotSignedIn, match="signature"):
        come_back(provider, there)


@pytest.mark.parametrize(
    "other",
    [{"verifier": "x" * 43}, {"redirect_uri": "http://localhost:8000/elsewhere"}],
)
def test_a_code_that_somebody_else_got_hold_of_is_refused(
    there: LoopbackProvider, other: dict[str, str]
) -> None:
    with pytest.raises(NotAllowed):
        come_back(ours(there), there, **other)


def test_a_code_counts_once(there: LoopbackProvider) -> None:
    provider = ours(there)
    asked = provider.begin(HERE)
    code = there.authorize(asked.url).split("code=")[1].split("&")[0]
    kept = {"nonce": asked.nonce, "verifier": asked.verifier, "redirect_uri": HERE}
    provider.finish(code, now=utc_now(), **kept)
    with pytest.raises(NotAllowed):
        provider.finish(code, now=utc_now(), **kept)


def test_a_wrong_secret_of_ours_signs_nobody_in(there: LoopbackProvider) -> None:
    with pytest.raises(NotAllowed):
        come_back(ours(there, oidc_client_secret="wrong"), there)


def test_what_is_told_only_when_asked_is_asked_for(there: LoopbackProvider) -> None:
    there.tells_by_userinfo = True
    assert come_back(ours(there), there).email == "ada@example.com"


def test_what_is_told_of_somebody_else_is_not_taken(there: LoopbackProvider) -> None:
    there.tells_by_userinfo = True
    there.userinfo_lies = {"sub": "0002", "email": "eve@example.com"}
    with pytest.raises(NotVerified, match="another person"):
        come_back(ours(there), there)


@pytest.mark.parametrize(
    ("claim", "told", "values"),
    [
        ("groups", {"groups": ["a", "b"]}, {"a", "b"}),
        ("groups", {"groups": "a"}, {"a"}),
        ("groups", {"groups": {"a": 1}}, set()),
        ("groups", {}, set()),
        ("https://acme.com/roles", {"https://acme.com/roles": ["a"]}, {"a"}),
        ("realm_access.roles", {"realm_access": {"roles": ["a"]}}, {"a"}),
        ("realm_access.roles", {"realm_access": "x"}, set()),
    ],
)
def test_roles_are_told_by_a_claim_or_a_way_to_it(
    there: LoopbackProvider, claim: str, told: dict[str, object], values: set[str]
) -> None:
    there.claims |= told
    provider = ours(there, oidc_roles_claim=claim, oidc_roles="a=admin")
    assert come_back(provider, there).values == values


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.test"},
        {"token_endpoint": None, "jwks_uri": "http://127.0.0.1:9/jwks"},
    ],
)
def test_a_provider_that_calls_itself_otherwise_is_none(
    there: LoopbackProvider, document: dict[str, object]
) -> None:
    there.document = document
    with pytest.raises(ProviderAway):
        ours(there).begin(HERE)


def test_a_provider_that_is_away_is_said_to_be_and_left_alone_for_a_moment(
    there: LoopbackProvider,
) -> None:
    clock = Time()
    provider = ours(there, clock)
    there.is_away = True
    for _ in range(3):
        with pytest.raises(ProviderAway, match="Acme is not answering"):
            provider.begin(HERE)
    assert len(there.asked) == 1
    there.is_away = False
    clock.now += AWAY_SECONDS
    assert provider.begin(HERE)


def test_a_provider_that_goes_away_in_the_midst_is_said_to_be(there: LoopbackProvider) -> None:
    provider = ours(there)
    asked = provider.begin(HERE)
    there.is_away = True
    with pytest.raises(ProviderAway):
        come_back(provider, there, asked)


def test_a_provider_that_hangs_is_not_waited_for(
    there: LoopbackProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.2)
    there.pause_seconds = 0.6
    with pytest.raises(ProviderAway):
        ours(there).begin(HERE)


def test_a_provider_is_asked_about_itself_once_an_hour(there: LoopbackProvider) -> None:
    clock = Time()
    provider = ours(there, clock)
    for _ in range(3):
        provider.begin(HERE)
    assert len(there.asked) == 2
    clock.now = KEPT_SECONDS + 1
    provider.begin(HERE)
    assert len(there.asked) == 4


def test_who_signs_in_while_another_reads_what_the_provider_says_waits_or_goes_on(
    there: LoopbackProvider,
) -> None:
    clock = Time()
    provider = ours(there, clock)
    there.pause_seconds = 0.2
    for _ in range(2):
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(lambda _: provider.begin(HERE).url, range(8)))
        clock.now += KEPT_SECONDS + 1
    assert there.asked.count("/jwks") == 2
