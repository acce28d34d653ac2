"""The card that is shown is the one that is charged, whatever order events come in."""

import secrets
from collections.abc import Iterable
from itertools import permutations
from typing import Any

import pytest

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.customer_records import RemoteCustomer
from dashboard.organizations.cards import ATTACHED, CHANGED, GONE
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.support.events import event
from tests.support.inbox import deliver, on_record
from tests.support.syncing import Syncer

NOW = 1_900_000_000
NOW_HERE = utc_now()


@pytest.fixture
def acme(bill: Invoice) -> Organization:
    """An organization that Stripe knows."""
    with transaction():
        bill.organization.stripe_customer_id = "cus_1"
    return bill.organization


def card(kind: str, last4: str, at: int, **facts: Any) -> dict[str, Any]:
    """Return an event about the card that ends so."""
    shown = {"brand": "visa", "last4": last4, "exp_month": 12, "exp_year": 2040}
    subject = {"id": f"pm_{last4}", "object": "payment_method", "customer": "cus_1", "card": shown}
    return event(f"payment_method.{kind}", subject | facts, created=at)


def gone(last4: str, at: int) -> dict[str, Any]:
    """Return the event of a card's removal, which names the customer in what changed only."""
    body = card("detached", last4, at, customer=None)
    body["data"]["previous_attributes"] = {"customer": "cus_1"}
    return body


def default(last4: str | None, at: int) -> dict[str, Any]:
    """Return the event of a customer who is charged on this card by default."""
    settings = {"default_payment_method": None if last4 is None else f"pm_{last4}"}
    subject = {"id": "cus_1", "object": "customer", "invoice_settings": settings}
    return event("customer.updated", subject, created=at)


def shown_after(syncer: Syncer, acme: Organization, bodies: Iterable[dict[str, Any]]) -> str | None:
    """Return the last digits that are shown when these events were told in this order."""
    with transaction():
        acme.cards, acme.default_card, acme.payment_method = {}, None, None
    for body in bodies:
        deliver(syncer, body | {"id": f"evt_{secrets.token_hex(8)}"})
    db.session.refresh(acme)
    return acme.payment_method["last4"] if acme.payment_method else None


def test_a_second_card_does_not_take_the_place_of_the_default(
    syncer: Syncer, acme: Organization
) -> None:
    bodies = [
        card("attached", "4242", NOW),
        default("4242", NOW),
        card("attached", "4444", NOW + 5),
    ]
    assert {shown_after(syncer, acme, order) for order in permutations(bodies)} == {"4242"}


def test_of_several_cards_without_a_default_none_is_shown(
    syncer: Syncer, acme: Organization
) -> None:
    first, second = card("attached", "4242", NOW), card("attached", "4444", NOW + 5)
    assert shown_after(syncer, acme, [first]) == "4242"
    assert shown_after(syncer, acme, [first, second]) is None
    assert shown_after(syncer, acme, [first, second, gone("4242", NOW + 9)]) == "4444"


def test_a_removed_card_stays_removed_when_its_attachment_comes_late(
    syncer: Syncer, acme: Organization
) -> None:
    bodies = [gone("4242", NOW + 5), card("attached", "4242", NOW)]
    assert shown_after(syncer, acme, bodies) is None
    known = acme.cards["pm_4242"]
    assert (known["last4"], known["at"], known["step"]) == ("4242", NOW + 5, GONE)


def test_an_older_default_changes_nothing(syncer: Syncer, acme: Organization) -> None:
    cards = [card("attached", "4242", NOW), card("attached", "4444", NOW)]
    bodies = [*cards, default("4444", NOW + 9), default("4242", NOW + 5)]
    assert shown_after(syncer, acme, bodies) == "4444"


def test_a_renewed_card_shows_its_new_date(syncer: Syncer, acme: Organization) -> None:
    renewed = card("automatically_updated", "4242", NOW)
    renewed["data"]["object"]["card"]["exp_year"] = 2044
    for order in permutations([card("attached", "4242", NOW), renewed]):
        assert shown_after(syncer, acme, order) == "4242"
        assert acme.payment_method is not None
        assert acme.payment_method["exp_year"] == 2044


def test_a_deleted_customer_leaves_neither_its_id_nor_its_cards(
    syncer: Syncer, acme: Organization
) -> None:
    shown_after(syncer, acme, [card("attached", "4242", NOW)])
    deliver(syncer, event("customer.deleted", {"id": "cus_1", "object": "customer"}), now=NOW_HERE)
    db.session.refresh(acme)
    assert (acme.stripe_customer_id, acme.cards, acme.payment_method) == (None, {}, None)
    assert acme.customer_lost_at == NOW_HERE
    entry = on_record("customer.deleted_at_stripe")
    assert entry == ("stripe", NOW_HERE, {"stripe_id": "cus_1"})


def test_what_is_told_of_a_card_is_kept_with_its_second(syncer: Syncer, acme: Organization) -> None:
    done = deliver(syncer, card("attached", "4242", NOW))
    db.session.refresh(acme)
    shown = {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2040}
    assert acme.cards == {"pm_4242": {"id": "pm_4242", **shown, "at": NOW, "step": ATTACHED}}
    assert done.state == "processed"
    deliver(syncer, card("updated", "4242", NOW))
    db.session.refresh(acme)
    assert acme.cards["pm_4242"]["step"] == CHANGED


def test_a_means_of_payment_that_is_no_card_is_kept_and_removed_as_well(
    syncer: Syncer, acme: Organization
) -> None:
    account = {"id": "pm_bank", "object": "payment_method", "customer": "cus_1"}
    deliver(syncer, event("payment_method.attached", account, created=NOW))
    db.session.refresh(acme)
    assert acme.payment_method is not None
    assert (acme.payment_method["id"], acme.payment_method["last4"]) == ("pm_bank", None)
    # Nothing says whose it was: it is known by who has it.
    removed = account | {"customer": None}
    deliver(syncer, event("payment_method.detached", removed, created=NOW + 1))
    db.session.refresh(acme)
    assert (acme.payment_method, acme.cards["pm_bank"]["at"]) == (None, NOW + 1)


@pytest.mark.parametrize("customer", ["cus_somebody", None])
@pytest.mark.parametrize("is_known_at_stripe", [True, False])
def test_a_strangers_customer_and_card_are_nobodys_here(
    syncer: Syncer, acme: Organization, customer: str | None, is_known_at_stripe: bool
) -> None:
    """An organization that Stripe does not know has no customer id either; that is no match."""
    with transaction():
        acme.stripe_customer_id = "cus_1" if is_known_at_stripe else None
    removed = card("detached", "4242", NOW, customer=None)
    removed["data"]["previous_attributes"] = {"customer": customer}
    bodies = [card("attached", "4242", NOW, customer=customer), removed]
    if customer is not None:
        subject = {"id": customer, "object": "customer"}
        bodies += [event("customer.updated", subject), event("customer.deleted", subject)]
    assert {deliver(syncer, body).state for body in bodies} == {"ignored"}
    db.session.refresh(acme)
    assert (acme.cards, acme.default_card, acme.customer_lost_at) == ({}, None, None)


def test_of_two_defaults_of_one_second_the_one_that_stripe_shows_is_kept(
    syncer: Syncer, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def read(customer_id: str) -> RemoteCustomer:
        asked.append(customer_id)
        return RemoteCustomer(customer_id, None, default_card="pm_4444")

    monkeypatch.setattr(syncer.gateway, "customer", read)
    bodies = [default("4444", NOW), default("4242", NOW), default("4444", NOW)]
    for body in bodies:
        deliver(syncer, body)
    db.session.refresh(acme)
    assert acme.default_card == {"id": "pm_4444", "at": NOW}
    assert asked == ["cus_1"]
