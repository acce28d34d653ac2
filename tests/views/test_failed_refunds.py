"""A refund that failed needs a person, until it is made anew or settled in another way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from dashboard.billing.corrections import keep_correction
from dashboard.billing.models import Invoice
from dashboard.billing.refund_room import refund_room_of
from dashboard.clock import utc_now
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.support.issued_bills import ADDRESS
from tests.support.needs import sentences
from tests.support.refund_pages import (
    Stripe,
    confirmed,
    fields_of,
    paid,
    refunds,
    send,
    stripe,
)
from tests.support.refunds import PAYMENT, hear_refund, theirs

__all__ = ["paid", "stripe"]


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_one_that_failed_needs_a_person_until_it_is_settled(
    support: FlaskClient, customer: FlaskClient, paid: Invoice, stripe: Stripe, status: str
) -> None:
    send(support, confirmed(support, fields_of(support, amount="10.00")))
    with transaction():
        hear_refund(refunds()[0])
    assert not [one for one in sentences() if one.startswith("Refund failed")]
    with transaction():
        hear_refund(refunds()[0], status, reason="lost_or_stolen_card")
    [said] = [one for one in sentences() if one.startswith("Refund failed")]
    assert "The customer did not get it" in said
    link = page(support.get(ADDRESS)).find("a", string="Settle…")["href"]
    assert not page(customer.get(ADDRESS)).find("a", string="Settle…")
    assert "did not reach the customer" in text_of(page(support.get(link)))
    where = link.removesuffix("/new")
    assert "Say how." in text_of(page(post(support, where, reason="", how="returned"), 422))
    assert "Say whether" in text_of(page(post(support, where, reason="By hand"), 422))
    for _ in range(2):
        assert post(support, where, reason="By hand", how="returned").status_code == 303
    assert refund_room_of(paid).left_of(PAYMENT) == paid.total_cents - 1000
    assert not [one for one in sentences() if one.startswith("Refund failed")]
    assert not page(support.get(ADDRESS)).find("a", string="Settle…")
    assert "Nothing is left to settle" in text_of(page(support.get(link)))


def test_one_that_failed_is_settled_by_another_refund(
    support: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    at = utc_now()
    with transaction():
        keep_correction(paid, theirs(100, 1, status="failed", made_at=at - timedelta(hours=1)))
    assert [one for one in sentences() if one.startswith("Refund failed")]
    with transaction():
        keep_correction(paid, theirs(100, 2, made_at=at))
    assert not [one for one in sentences() if one.startswith("Refund failed")]


@pytest.mark.parametrize(
    ("facts", "is_settled"),
    [
        ({}, True),
        # Another's money, a part of it, or made before anybody knew that it had failed.
        ({"paid_by": "pi_2"}, False),
        ({"amount_cents": 99}, False),
        ({"made_at": timedelta(minutes=-30)}, False),
        # Told before it was kept whose money it is.
        ({"paid_by": None}, False),
    ],
)
def test_only_what_makes_up_for_it_settles_one_that_failed(
    support: FlaskClient, paid: Invoice, facts: dict, is_settled: bool
) -> None:
    heard = utc_now()
    made = heard + facts.get("made_at", timedelta(minutes=30))
    failed = theirs(100, 1, status="failed", made_at=heard - timedelta(hours=1), as_of=heard)
    with transaction():
        keep_correction(paid, failed)
        keep_correction(paid, replace(theirs(100, 2), **facts | {"made_at": made}))
    assert is_settled == (not [one for one in sentences() if one.startswith("Refund failed")])


def test_what_did_not_fail_is_not_settled(
    support: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    with transaction():
        row = keep_correction(paid, theirs(100)).row
    where = f"{ADDRESS}/corrections/{row.id}/settlements"
    said = {"reason": "Why", "how": "not_owed"}
    assert post(support, where, **said).status_code == 409
    assert post(support, f"{ADDRESS}/corrections/999/settlements", **said).status_code == 404
