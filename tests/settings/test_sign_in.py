"""How people sign in is read once; what would let nobody in stops the start and is named."""

import pytest

from dashboard.config import ConfigError, load_config
from tests.support.environment import settings

ADDRESS = "postgresql://billing@db/billing"
PROVIDER = {
    "OIDC_ISSUER": "https://id.acme.com",
    "OIDC_CLIENT_ID": "billing",
    "OIDC_CLIENT_SECRET": "secret of the tests",
    "EXTERNAL_URL": "https://billing.acme.com",
}
ROLES = {"OIDC_ROLES_CLAIM": "groups", "OIDC_ROLES": "a=admin, b c=support,x=y=customer"}


@pytest.fixture
def environment(monkeypatch):
    """An environment of a product with a provider; returns what changes it."""
    for name, value in (settings(ADDRESS, "redis://127.0.0.1:9/0") | PROVIDER | ROLES).items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_values_stand_for_roles(environment):
    assert load_config().role_of_value == {"a": "admin", "b c": "support", "x=y": "customer"}


def test_passwords_may_be_off_where_there_is_a_provider(environment):
    environment.setenv("PASSWORD_SIGN_IN", "false")
    assert not load_config().password_sign_in


def test_a_provider_on_this_machine_may_speak_plainly(environment):
    environment.setenv("OIDC_ISSUER", "http://127.0.0.1:8080/realms/acme")
    assert load_config().oidc_issuer


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("OIDC_ISSUER", "http://id.acme.com", "must be an https:// address"),
        ("OIDC_ISSUER", "id.acme.com", "must be an https:// address"),
        ("OIDC_ISSUER", "https://id.acme.com?x=1", "must be an https:// address"),
        ("OIDC_ISSUER", "https://id.acme.com:99999", "must be an https:// address"),
        ("OIDC_ISSUER", "https://us:er@id.acme.com", "must be an https:// address"),
        ("OIDC_ISSUER", "https://[zz]", "must be an https:// address"),
        ("OIDC_SCOPES", "email profile", "must contain openid"),
        ("OIDC_ROLES", "a=owner", "must be value=role"),
        ("OIDC_ROLES", "=admin", "must be value=role"),
        ("OIDC_ROLES", "admin", "must be value=role"),
        ("OIDC_PEOPLE", "everybody", "OIDC_PEOPLE"),
        ("OIDC_NAME", "", "OIDC_NAME"),
    ],
)
def test_what_could_never_work_stops_the_start_and_is_named(environment, name, value, words):
    environment.setenv(name, value)
    with pytest.raises(ConfigError) as refused:
        load_config()
    assert name in str(refused.value)
    assert words in str(refused.value)
    assert "secret of the tests" not in str(refused.value)


@pytest.mark.parametrize("missing", [*PROVIDER, *ROLES])
def test_what_belongs_together_is_named_where_a_part_is_missing(environment, missing):
    environment.delenv(missing)
    with pytest.raises(ConfigError, match=missing):
        load_config()


def test_claims_that_tell_no_roles_admit_nobody(environment):
    for name in ROLES:
        environment.delenv(name)
    environment.setenv("OIDC_PEOPLE", "claims")
    with pytest.raises(ConfigError, match="OIDC_PEOPLE=claims needs"):
        load_config()


def test_nobody_is_locked_out_by_settings(environment):
    for name in (*PROVIDER, *ROLES):
        environment.delenv(name)
    environment.setenv("PASSWORD_SIGN_IN", "false")
    with pytest.raises(ConfigError, match="no one could sign in"):
        load_config()


def test_accounts_of_a_demo_are_none_unless_they_are_named(environment):
    assert load_config().accounts_of_demo == []
    environment.setenv("DEMO_ACCOUNTS", "customer@example.com, admin@example.com")
    assert load_config().accounts_of_demo == ["customer@example.com", "admin@example.com"]


def test_a_live_key_refuses_the_accounts_of_a_demo(environment):
    environment.setenv("STRIPE_API_KEY", "sk_live_1")
    environment.setenv("STRIPE_API_BASE", "https://api.stripe.com")
    environment.setenv("DEMO_ACCOUNTS", "customer@example.com")
    with pytest.raises(ConfigError, match="DEMO_ACCOUNTS"):
        load_config()
