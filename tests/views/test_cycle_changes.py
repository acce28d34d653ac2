"""The page that changes an organization's cycle: asked, shown, done once."""

import re

import pytest
from flask.testing import FlaskClient

from dashboard.extensions import db
from dashboard.organizations.models import Organization
from tests.pages import page, post, text_of
from tests.people import bill_of

CHANGES = "/organizations/acme/cycle-changes"
ASKED = {"interval": "quarter", "zone": "Europe/Berlin", "takes_effect": "cycle_end"}


def seen_on(client: FlaskClient, **asked: str) -> str:
    """Return what the preview's form carries unseen."""
    shown = page(client.get(f"{CHANGES}/new", query_string=asked))
    found = shown.find("input", attrs={"name": "seen"})
    assert found is not None
    return str(found["value"])


def fresh(acme: Organization) -> Organization:
    """Return the organization as it is stored."""
    db.session.expire_all()
    return db.session.get_one(Organization, acme.id)


def test_the_details_lead_to_the_page(support: FlaskClient, acme: Organization) -> None:
    details = page(support.get("/organizations/acme/details"))
    assert "Monthly, counted from" in text_of(details)
    assert details.find("a", href=f"{CHANGES}/new")
    asked = text_of(page(support.get(f"{CHANGES}/new")))
    assert "Change cycle" in asked
    assert "Shorten the current cycle" not in asked


def test_the_preview_tells_periods_and_fees_and_changes_nothing(
    support: FlaskClient, acme: Organization
) -> None:
    before = bill_of(acme).revision
    told = text_of(page(support.get(f"{CHANGES}/new", query_string=ASKED)))
    for words in (
        "Current invoice",
        "stays as it is",
        "Next cycle",
        "Next cycle without the change",
    ):
        assert words in told
    assert fresh(acme).cycle_interval == "month"
    assert bill_of(acme).revision == before


def test_a_change_is_done_once_and_told_on_the_details(
    support: FlaskClient, acme: Organization
) -> None:
    sent = ASKED | {"reason": "Asked for", "seen": seen_on(support, **ASKED)}
    for _ in range(2):
        assert post(support, CHANGES, **sent).location == "/organizations/acme/details"
    assert (fresh(acme).cycle_interval, acme.cycle_zone) == ("quarter", "Europe/Berlin")
    told = text_of(page(support.get("/organizations/acme/details")))
    assert "Quarterly in the calendar of Europe/Berlin, counted from" in told
    assert re.search(r"Cycle Monthly; from \d+ \w+( \d{4})?: Quarterly in the calendar", told)
    again = text_of(page(support.get(f"{CHANGES}/new", query_string=ASKED)))
    assert "Nothing: cycles are counted like this already." in again


def test_without_a_reason_nothing_is_changed_and_what_was_asked_is_kept(
    support: FlaskClient, acme: Organization
) -> None:
    sent = ASKED | {"seen": seen_on(support, **ASKED)}
    shown = page(post(support, CHANGES, **sent), 422)
    assert "Enter a reason." in text_of(shown)
    assert shown.find("input", attrs={"name": "interval", "value": "quarter"})
    assert fresh(acme).cycle_interval == "month"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"interval": "day"}, "Choose one of the lengths in the list."),
        ({"zone": "Mars/Olympus"}, "Enter UTC or the name of a time zone"),
        ({"anchor_on": "31 February"}, "is not a day"),
        ({"anchor_on": "0001-01-01"}, "Enter a day in the years"),
        ({"takes_effect": ""}, "Choose when it takes effect."),
        ({"interval": "week"}, "cannot be billed in a weekly cycle"),
    ],
)
def test_what_cannot_be_is_told(
    support: FlaskClient, acme: Organization, asked: dict[str, str], words: str
) -> None:
    told = page(support.get(f"{CHANGES}/new", query_string=ASKED | asked), 422)
    assert words in text_of(told)


def test_what_moved_since_it_was_shown_is_refused(support: FlaskClient, acme: Organization) -> None:
    seen = seen_on(support, **ASKED)
    yearly = ASKED | {"interval": "year"}
    first = yearly | {"reason": "Asked for", "seen": seen_on(support, **yearly)}
    assert post(support, CHANGES, **first).status_code == 303
    second = post(support, CHANGES, **ASKED, reason="Asked for", seen=seen)
    assert "Nothing was changed" in text_of(page(second, 409))
    assert fresh(acme).cycle_interval == "year"
