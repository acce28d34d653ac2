"""The page of automatic tax: how it stands, what the switch does, and switching once."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.billing.policy import current_policy, set_policy
from dashboard.billing.tax_words import untaxed_because, untaxed_codes
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.sync.taxed import NO_TAX_LOCATION, NOT_LOCATED
from dashboard.transaction import transaction
from dashboard.views.tax_words import LOCATIONS
from tests.factories import SUPPORT
from tests.pages import page, post, text_of
from tests.people import bill_of

TAX = "/organizations/acme/tax"
BERLIN = {"line1": "Unter den Linden 1", "postal_code": "10117", "city": "Berlin", "country": "DE"}


@pytest.fixture(autouse=True)
def product(acme: Organization) -> Iterator[None]:
    before = current_policy()
    set_policy(replace(before, stripe_tax_product="prod_billing"))
    yield
    set_policy(before)


def credit(acme: Organization, cents: int, description: str = "Goodwill") -> None:
    with transaction():
        add_adjustment(
            bill_of(acme),
            Money(-cents, "usd"),
            description=description,
            reason="Asked",
            key=f"credit-{cents}",
            actor=SUPPORT,
            now=utc_now(),
        )


def seen_on(client: FlaskClient) -> str:
    found = page(client.get(TAX)).find("input", attrs={"name": "seen"})
    assert found is not None
    return str(found["value"])


def fresh(acme: Organization) -> Organization:
    db.session.expire_all()
    return db.session.get_one(Organization, acme.id)


def test_the_details_lead_to_the_page(support: FlaskClient, acme: Organization) -> None:
    details = page(support.get("/organizations/acme/details"))
    assert "Not worked out automatically" in text_of(details)
    assert details.find("a", href=TAX)


def test_the_preview_tells_what_becomes_of_credits_and_changes_nothing(
    support: FlaskClient, acme: Organization
) -> None:
    credit(acme, 500_000)
    before = bill_of(acme).revision
    told = text_of(page(support.get(TAX)))
    assert "What switching it on does" in told
    assert "Goodwill" in told
    assert "wait for the next bill" in told
    assert not fresh(acme).automatic_tax
    assert bill_of(acme).revision == before


def test_it_is_switched_once_with_a_reason_and_told(
    support: FlaskClient, acme: Organization
) -> None:
    sent = {"switch": "on", "reason": "They are in Germany", "seen": seen_on(support)}
    for _ in range(2):
        assert post(support, f"{TAX}/switches", **sent).status_code == 303
    assert fresh(acme).automatic_tax
    assert bill_of(acme).automatic_tax
    assert "Worked out by Stripe" in text_of(page(support.get("/organizations/acme/details")))
    assert "What switching it off does" in text_of(page(support.get(TAX)))


def test_what_is_not_right_is_refused_and_changes_nothing(
    support: FlaskClient, acme: Organization
) -> None:
    seen = seen_on(support)
    for sent in (
        {"switch": "on", "reason": "", "seen": seen},
        {"switch": "perhaps", "reason": "x", "seen": seen},
        {"switch": "on", "reason": "x" * 1001, "seen": seen},
        {"switch": "on", "reason": "x", "seen": ""},
    ):
        assert post(support, f"{TAX}/switches", **sent).status_code == 422
    assert not fresh(acme).automatic_tax


def test_a_credit_since_the_preview_refuses_it(support: FlaskClient, acme: Organization) -> None:
    seen = seen_on(support)
    credit(acme, 100)
    sent = {"switch": "on", "reason": "x", "seen": seen}
    assert post(support, f"{TAX}/switches", **sent).status_code == 409
    assert not fresh(acme).automatic_tax


def test_without_a_product_there_is_no_switch(support: FlaskClient, acme: Organization) -> None:
    set_policy(replace(current_policy(), stripe_tax_product=""))
    shown = page(support.get(TAX))
    assert "STRIPE_TAX_PRODUCT" in text_of(shown)
    assert shown.find("input", attrs={"name": "seen"}) is None


def test_asked_without_a_customer_stripe_is_not_called(
    support: FlaskClient, acme: Organization
) -> None:
    assert LOCATIONS[""] in text_of(page(support.get(TAX, query_string={"location": "ask"})))


def test_a_taxed_bill_says_that_its_tax_comes_later(
    support: FlaskClient, acme: Organization
) -> None:
    with transaction():
        bill_of(acme).automatic_tax = True
    sequence = bill_of(acme).sequence
    document = text_of(page(support.get(f"/organizations/acme/invoices/{sequence}/document")))
    assert "worked out when it is issued" in document


def test_no_tax_is_named_in_words() -> None:
    taxes = [
        {"cents": 0, "reason": "reverse_charge"},
        {"cents": 0, "reason": "reverse_charge"},
        {"cents": 5, "reason": "standard_rated"},
        {"cents": 0, "reason": "made_up_tomorrow"},
    ]
    free = Invoice(taxes=taxes, tax_cents=5)
    assert untaxed_because(free) == ["Reverse charge: the customer accounts for the tax"]
    assert untaxed_codes(free) == ["reverse_charge", "made_up_tomorrow"]
    assert untaxed_because(Invoice(taxes=None)) == []


def held_bill(acme: Organization) -> Invoice:
    """Return a sealed bill that is held for its tax."""
    bill = bill_of(acme)
    with transaction():
        acme.automatic_tax = bill.automatic_tax = True
        seal_now(bill, now=utc_now())
        put_on_hold(bill, NO_TAX_LOCATION, NOT_LOCATED, now=utc_now())
    return bill


def test_a_held_bill_goes_without_tax_once_with_a_reason(
    support: FlaskClient, acme: Organization
) -> None:
    bill = held_bill(acme)
    assert "Issue without tax" in text_of(page(support.get(TAX)))
    sent = {"sequence": str(bill.sequence), "reason": "They are exempt"}
    for _ in range(2):
        assert post(support, f"{TAX}/waivers", **sent).status_code == 303
    db.session.expire_all()
    assert (bill.automatic_tax, bill.parked_code) == (False, None)
    query = select(AuditEntry).where(AuditEntry.action == "invoice.tax_waived")
    assert [one.reason for one in db.session.scalars(query)] == ["They are exempt"]
    runs = db.session.scalars(select(SyncRun).where(SyncRun.invoice_id == bill.id)).all()
    assert [one.trigger for one in runs][-1:] == ["final"]
    assert bill_of(acme).automatic_tax


def test_going_without_tax_needs_a_reason_and_a_bill_that_is_held_for_it(
    support: FlaskClient, acme: Organization
) -> None:
    bill = held_bill(acme)
    for sent, status in (
        ({"sequence": str(bill.sequence), "reason": ""}, 422),
        ({"sequence": "x", "reason": "x"}, 422),
        ({"sequence": "", "reason": "x"}, 422),
        ({"sequence": "999999", "reason": "x"}, 404),
        ({"sequence": str(bill_of(acme).sequence), "reason": "x"}, 409),
    ):
        assert post(support, f"{TAX}/waivers", **sent).status_code == status
    assert fresh(acme).automatic_tax
    assert bill.automatic_tax


def test_the_address_that_is_kept_here_and_the_exemption_are_told(
    support: FlaskClient, acme: Organization
) -> None:
    words = text_of(page(support.get(TAX)))
    assert "Address Kept at Stripe Exemption Kept at Stripe" in words
    with transaction():
        acme.address, acme.tax_exempt = BERLIN, "reverse"
    words = text_of(page(support.get(TAX)))
    assert "Address Unter den Linden 1" in words
    assert "Berlin, 10117" in words
    assert "Reverse charge: the customer accounts for the tax" in words
