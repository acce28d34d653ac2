"""The health of the whole."""

from flask.testing import FlaskClient

from dashboard.billing.outcome import park
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import fragment, page, text_of
from tests.people import bill_of


def test_a_fleet_in_step_says_so(admin: FlaskClient) -> None:
    assert "Everything is in step" in text_of(page(admin.get("/fleet")))


def test_a_parked_invoice_is_shown_with_its_reason(admin: FlaskClient, acme: Organization) -> None:
    with transaction():
        park(bill_of(acme), "differs", "The totals differ.", now=utc_now())
    words = text_of(page(admin.get("/fleet")))
    assert "1 invoice waits for a person" in words
    assert "The totals differ." in words


def test_its_refresh_is_the_figures_alone(admin: FlaskClient) -> None:
    assert fragment(admin.get("/fleet", headers={"HX-Request": "true"})).find("main") is None
