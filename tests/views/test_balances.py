"""The page of the balance at Stripe: what moved it, and what Stripe itself says on demand."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.gateway.balance_parsing import parse_balance_move
from dashboard.gateway.balance_records import RemoteBalance
from dashboard.gateway.errors import OutcomeUnknown
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.people import bill_of
from tests.support.money_acts import issue_at_stripe

PAGE = "/organizations/acme/balance"


class Stripe:
    """Says what moved the balance, or nothing."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.moves: list[dict[str, Any]] = []
        self.reads = 0

    def balance_moves(self, _customer_id: str) -> RemoteBalance:
        self.reads += 1
        if self.error is not None:
            raise self.error
        return RemoteBalance([parse_balance_move(one) for one in self.moves], has_more=False)

    def tell(self, kind: str, cents: int, ending: int, **facts: Any) -> None:
        told = {
            "id": f"cbtxn_{len(self.moves)}", "type": kind, "amount": cents, "currency": "usd",
            "ending_balance": ending, "created": 1_900_000_000,
        }  # fmt: skip
        self.moves.insert(0, told | facts)


@pytest.fixture
def stripe(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Stripe:
    gateway = Stripe()
    monkeypatch.setitem(app.extensions, "page_gateway", gateway)
    return gateway


@pytest.fixture
def moved(acme: Organization) -> Organization:
    """Acme, on whose balance somebody put 25.00, which its second invoice used."""
    second = issue_at_stripe(bill_of(acme), due=0, before=0, after=0, status="paid")
    issue_at_stripe(second, due=3300, before=-2500, after=0)
    with transaction():
        acme.stripe_customer_id = "cus_1"
    return acme


def rows(answer, part: str) -> list[str]:
    card = page(answer).select_one(f"[aria-labelledby={part}-title]")
    return [text_of(one) for one in card.select("tbody tr")]


def test_the_ledgers_moves_are_shown_without_a_read_to_either_side(
    support: FlaskClient, customer: FlaskClient, moved: Organization, stripe: Stripe
) -> None:
    for client in (support, customer):
        used, foreign = rows(client.get(PAGE), "moves")
        assert "Used by F-0002" in used
        assert "Moved at Stripe, not by this product" in foreign
        assert "$25.00 credit" in foreign
    assert stripe.reads == 0
    past = page(support.get("/organizations/acme/invoices"))
    assert past.select(f"a[href='{PAGE}']")


def test_without_any_it_says_so(support: FlaskClient, acme: Organization, stripe: Stripe) -> None:
    assert "Nothing moved it" in text_of(page(support.get(PAGE)))


def test_support_reads_what_stripe_says_and_whose_it_was(
    support: FlaskClient, customer: FlaskClient, moved: Organization, stripe: Stripe
) -> None:
    invoice = bill_of(moved).stripe_invoice_id
    stripe.tell("adjustment", -2500, -2500, description="Sorry")
    stripe.tell("applied_to_invoice", 500, -2000, invoice="in_theirs")
    stripe.tell("applied_to_invoice", 2000, 0, invoice=invoice)
    stripe.tell("a_new_type", 5, 7, currency="eur")
    told = rows(post(support, f"{PAGE}/readings"), "stripe")
    assert len(told) == 3
    assert "Moved by hand, or by another application “Sorry”" in told[-1]
    assert "An invoice of another application" in told[1]
    assert stripe.reads == 1
    assert post(customer, f"{PAGE}/readings").status_code == 403


def test_another_balance_than_is_known_is_said(
    support: FlaskClient, moved: Organization, stripe: Stripe
) -> None:
    stripe.tell("adjustment", -700, -700)
    said = text_of(page(post(support, f"{PAGE}/readings")))
    assert "It is another balance than is known here $7.00 credit at Stripe." in said


def test_where_it_cannot_be_read_it_says_why(
    support: FlaskClient, acme: Organization, stripe: Stripe
) -> None:
    assert "There is no customer at Stripe yet" in text_of(page(post(support, f"{PAGE}/readings")))
    with transaction():
        acme.stripe_customer_id = "cus_1"
    stripe.error = OutcomeUnknown("Stripe did not answer.")
    assert "Stripe did not answer." in text_of(page(post(support, f"{PAGE}/readings")))


def test_the_download_has_every_move(
    support: FlaskClient, moved: Organization, stripe: Stripe
) -> None:
    found = list(csv.DictReader(io.StringIO(support.get(f"{PAGE}.csv").text)))
    assert [(one["what"], one["invoice"], one["amount"], one["balance"]) for one in found] == [
        ("foreign", "F-0002", "-25.00", "-25.00"), ("invoice", "F-0002", "25.00", "0.00"),
    ]  # fmt: skip
