"""What is said of the settings, and of the packages that are installed."""

import pytest

from dashboard.config import Config
from dashboard.doctor import configuration
from dashboard.doctor.configuration import address, cookies, mail, packages, secret, seller
from tests.support.environment import config

GOOD_KEY = "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8"
HTTPS = "https://billing.example.com"


def with_settings(**settings: object) -> Config:
    """Return a configuration with these values."""
    return config("postgresql://db/billing", "redis://redis").model_copy(update=settings)


@pytest.mark.parametrize(
    ("url", "key", "state"),
    [
        (None, "sk_test_x", "look"),
        (HTTPS, "sk_live_x", "ok"),
        ("http://billing.example.com", "sk_test_x", "ok"),
        ("http://billing.example.com", "sk_live_x", "mend"),
    ],
)
def test_links_lead_to_where_people_reach_the_pages(url, key, state):
    assert address(with_settings(external_url=url, stripe_api_key=key)).state == state


@pytest.mark.parametrize(
    ("is_secure", "url", "state"),
    [(True, HTTPS, "ok"), (False, HTTPS, "mend"), (False, None, "look")],
)
def test_sessions_travel_over_tls_only(is_secure, url, state):
    found = cookies(with_settings(session_cookie_secure=is_secure, external_url=url))
    assert found.state == state


def test_plain_sessions_of_a_live_account_are_never_right():
    found = cookies(with_settings(session_cookie_secure=False, stripe_api_key="sk_live_x"))
    assert found.state == "mend"


@pytest.mark.parametrize(
    ("key", "state"), [(GOOD_KEY, "ok"), ("too short for this", "mend"), ("ab" * 40, "mend")]
)
def test_a_key_that_can_be_guessed_is_to_be_changed(key, state):
    assert secret(with_settings(secret_key=key)).state == state


def test_where_nobody_mails_somebody_is_told_to_hand_links_over():
    assert mail(with_settings(mail_url="none")).state == "look"
    on = with_settings(mail_url="smtp://mail.example.com", mail_from="billing@example.com")
    assert mail(on).seen == "e-mails come from billing@example.com"


def test_where_nobody_is_named_as_the_seller_that_is_said():
    assert seller(with_settings(seller_name="Us")).state == "look"
    assert seller(with_settings(seller_name="Us", seller_address="1 Road")).state == "ok"


def test_packages_are_those_of_the_lock_file(tmp_path, monkeypatch):
    assert packages().state == "ok"
    lock = tmp_path / "base.txt"
    lock.write_text("flask==0.1 \\\n    --hash=sha256:00\nno-such-package==1.0\n")
    monkeypatch.setattr(configuration, "LOCKS", [lock])
    found = packages()
    assert found.state == "mend"
    assert "no-such-package missing, not 1.0" in found.seen
    assert "bin/setup.py" in found.to_do
