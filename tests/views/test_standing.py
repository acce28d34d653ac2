"""Service standing on pages: its reasons, set by hand, its rules, and what a customer reads."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.standing.look import look
from dashboard.standing.models import StandingRules
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.support.declined import issue

PAGE, RULES = "/organizations/acme/standing", "/standing-rules"
NOW = utc_now()


@pytest.fixture
def owing(acme: Organization) -> Organization:
    """Acme, which has owed 50.00 for ten days."""
    issue(acme, 5000, due_at=NOW - timedelta(days=10))
    return acme


def rule(admin: FlaskClient, **typed: str) -> Any:
    """Send the form of the rules as it is shown, with this typed in."""
    seen = page(admin.get(RULES)).select_one("#seen")["value"]
    return post(admin, RULES, **({"seen": seen} | typed))


def apart(client: FlaskClient, to: str, days: float, **typed: str) -> Any:
    """Send the form that sets the standing by hand."""
    seen = page(client.get(PAGE)).select_one("#seen")["value"]
    until = f"{NOW + timedelta(days=days):%Y-%m-%dT%H:%M}"
    told = {"standing": to, "until": until, "reason": "They called.", "seen": seen}
    return post(client, PAGE + "/overrides", **(told | typed))


def move(organization: Organization) -> None:
    """Look as the clock does."""
    with transaction():
        look([organization.id], now=utc_now())


def test_without_rules_it_is_good_and_says_why(support: FlaskClient, owing: Organization) -> None:
    words = text_of(page(support.get(PAGE)))
    assert "Good standing" in words
    assert "The rules are off: every organization is good." in words
    assert "ACME-5000" in words
    assert "10 days" in words


def test_an_admin_sets_the_rules_and_the_clock_follows(
    admin: FlaskClient, support: FlaskClient, owing: Organization
) -> None:
    done = rule(admin, warn_after_days="7", suspend_after_days="30", minimums="20,jpy=3000")
    assert done.status_code == 303
    move(owing)
    words = text_of(page(support.get(PAGE)))
    assert "Warned after 7 days past due. Suspended after 30 days. From 20 USD." in words
    assert "Warned" in text_of(page(support.get("/organizations/acme")).select_one(".lede"))
    told = db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.action.like("standing%")).order_by(AuditEntry.id)
    ).all()
    assert told == ["standing_rules.set", "standing.moved"]


@pytest.mark.parametrize(
    "typed",
    [{"warn_after_days": "-1"}, {"warn_after_days": "1.5"}, {"warn_after_days": "x"},
     {"suspend_after_days": "4000"}, {"warn_after_days": "9", "suspend_after_days": "8"},
     {"minimums": "much"}, {"minimums": "xyz=5"}, {"seen": ""},
     {"minimums": "1e999999"}, {"minimums": "nan"}, {"warn_after_days": "9" * 30}],
)  # fmt: skip
def test_rules_without_sense_are_refused_in_the_form(
    admin: FlaskClient, typed: dict[str, str]
) -> None:
    assert rule(admin, **typed).status_code == 422
    assert db.session.get(StandingRules, 1) is None


def test_rules_shown_before_another_person_changed_them_are_refused(admin: FlaskClient) -> None:
    assert rule(admin, warn_after_days="7").status_code == 303
    for seen in ("0", "9" * 20, "x"):
        sent = post(admin, RULES, seen=seen, warn_after_days="9")
        assert sent.status_code == 409


def test_support_reads_the_rules_and_cannot_change_them(support: FlaskClient) -> None:
    soup = page(support.get(RULES))
    assert "An admin can change the rules." in text_of(soup)
    assert soup.select_one("main form button[type=submit]") is None
    assert post(support, RULES, seen="0").status_code == 403


def test_a_standing_is_set_by_hand_until_a_day_and_taken_off(
    support: FlaskClient, owing: Organization
) -> None:
    assert apart(support, "suspended", 3).status_code == 303
    soup = page(support.get(PAGE))
    assert "Suspended" in text_of(soup)
    assert "They called." in text_of(soup)
    seen = soup.select_one("#seen")["value"]
    gone = post(support, PAGE + "/override-removals", seen=seen)
    assert gone.status_code == 303
    assert "By the rules" in text_of(page(support.get(PAGE)))
    assert owing.standing == "good"


@pytest.mark.parametrize(
    "typed",
    [{"reason": ""}, {"until": ""}, {"until": "soon"}, {"standing": "evil"}, {"seen": ""}],
)
def test_what_is_not_filled_in_is_said_in_the_form(
    support: FlaskClient, owing: Organization, typed: dict[str, str]
) -> None:
    assert apart(support, "good", 3, **typed).status_code == 422


def test_an_end_in_the_past_is_refused(support: FlaskClient, owing: Organization) -> None:
    assert apart(support, "suspended", -1).status_code == 422
    assert owing.standing == "good"


def test_an_end_that_has_passed_shows_what_the_rules_say_before_the_clock_looks(
    support: FlaskClient, owing: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart(support, "suspended", 1)
    later = utc_now() + timedelta(days=2)
    monkeypatch.setattr("dashboard.views.standing.utc_now", lambda: later)
    words = text_of(page(support.get(PAGE)).select_one("dl.summary"))
    assert words.startswith("Now Good standing By the rules")


def test_a_customer_reads_that_the_service_is_suspended_and_what_to_do(
    customer: FlaskClient, support: FlaskClient, owing: Organization
) -> None:
    apart(support, "suspended", 3)
    soup = page(customer.get("/organizations/acme/usage"))
    assert "The service is suspended See your invoices and pay what is past due." in text_of(soup)
    assert "They called." not in text_of(soup)
    assert soup.select_one(f"a[href='{PAGE}']") is None
    assert customer.get(PAGE).status_code == 403


def test_one_in_good_standing_reads_nothing_of_it(
    customer: FlaskClient, app: Flask, owing: Organization
) -> None:
    assert "suspended" not in text_of(page(customer.get("/organizations/acme")))
