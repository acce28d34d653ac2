"""Undo: a charge or a credit is reversed while its invoice can still change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dashboard.audit.models import AuditEntry
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Adjustment, Invoice
from dashboard.billing.reverse import links_of, reversal_of, reverse_adjustment, reversible_among
from dashboard.errors import Conflict, InvoiceIsFrozen
from dashboard.money import Money
from dashboard.transaction import transaction
from tests.factories import NOW, SUPPORT, make_organization


@pytest.fixture
def invoice(db: SQLAlchemy) -> Invoice:
    """The draft of an organization."""
    return current_invoice(make_organization())


def add(invoice: Invoice, cents: int, key: str = "k") -> Adjustment:
    """Return a charge or a credit."""
    return add_adjustment(
        invoice, Money(cents, "usd"), reason="Outage", description="Apology", actor=SUPPORT,
        now=NOW, key=key,
    )  # fmt: skip


def undo(adjustment: Adjustment) -> Adjustment:
    """Take it back."""
    return reverse_adjustment(adjustment, reason="Wrong customer", actor=SUPPORT, now=NOW)


def test_the_opposite_stands_beside_it_and_both_know_each_other(
    invoice: Invoice, db: SQLAlchemy
) -> None:
    credit = add(invoice, -500)
    back = undo(credit)
    assert (back.amount_cents, back.reverses_id, back.invoice_id) == (500, credit.id, invoice.id)
    assert reversal_of(credit) is back
    assert links_of([credit, back]) == {credit.id: back, back.id: credit}
    assert reversible_among([credit, back]) == {credit.id}
    assert invoice.total_cents == 0
    assert back.description == "Reversal: Apology"
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "adjustment.reversed")
    ).one()
    assert (entry.reason, entry.facts["cents"], entry.facts["reversed"]) == (
        "Wrong customer", 500, "Apology",
    )  # fmt: skip
    [line] = [one for one in invoice.items if one.key == f"adjustment:{back.id}"]
    assert line.trace["words"][0] == "Reverses the credit “Apology”."


def test_two_clicks_reverse_it_once(invoice: Invoice) -> None:
    charge = add(invoice, 700)
    assert undo(charge) is undo(charge)
    assert invoice.total_cents == 0


def test_a_click_that_comes_after_the_seal_finds_the_reversal_made_before(invoice: Invoice) -> None:
    charge = add(invoice, 700)
    made = undo(charge)
    seal_now(invoice, now=NOW)
    assert undo(charge) is made


def test_a_reversal_itself_is_not_reversed(invoice: Invoice) -> None:
    back = undo(add(invoice, 700))
    with pytest.raises(Conflict, match="reverses another charge or credit itself"):
        undo(back)


def test_on_a_sealed_invoice_it_stays_and_the_refusal_says_what_to_do_instead(
    invoice: Invoice,
) -> None:
    charge = add(invoice, 700)
    seal_now(invoice, now=NOW)
    with pytest.raises(InvoiceIsFrozen, match=r"Credit \$7\.00 on the current invoice instead"):
        undo(charge)
    assert reversal_of(charge) is None


def test_reversed_from_eight_pages_at_once_it_is_reversed_once(app: Flask, db: SQLAlchemy) -> None:
    with transaction():
        charge_id = add(current_invoice(make_organization()), 700).id

    def click(_: int) -> int:
        with app.app_context(), transaction():
            return undo(db.session.get_one(Adjustment, charge_id)).id

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(click, range(8)))
    amounts = db.session.scalars(select(Adjustment.amount_cents).order_by(Adjustment.id)).all()
    assert (len(made), amounts) == (1, [700, -700])


def test_the_database_itself_lets_it_be_reversed_once(invoice: Invoice, db: SQLAlchemy) -> None:
    charge = add(invoice, 700)
    undo(charge)
    with pytest.raises(IntegrityError, match="uq_adjustments_reverses_id"):
        add_adjustment(
            invoice, Money(-700, "usd"), reason="Again", description="Again", actor=SUPPORT,
            now=NOW, key="other", reverses_id=charge.id,
        )  # fmt: skip
    db.session.rollback()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cents=st.lists(st.integers(-(10**9), 10**9).filter(bool), min_size=1, max_size=6),
    which=st.sets(st.integers(0, 5)),
)
def test_a_bill_is_the_sum_of_what_stands(
    invoice: Invoice, db: SQLAlchemy, cents: list[int], which: set[int]
) -> None:
    savepoint = db.session.begin_nested()
    before = invoice.total_cents
    made = [add(invoice, one, key=str(number)) for number, one in enumerate(cents)]
    taken = {number for number in which if number < len(made)}
    for number in taken:
        undo(made[number])
    stands = sum(one for number, one in enumerate(cents) if number not in taken)
    assert invoice.total_cents == before + stands
    assert sum(one.amount_cents for one in invoice.items) == invoice.total_cents
    savepoint.rollback()
    db.session.expire_all()
