"""From one invoice to the next: at the cycle's end, or early; exactly one, whoever asks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from dashboard.audit.actor import Actor
from dashboard.billing.close import close, due_to_seal, seal
from dashboard.billing.models import BillingCycle, Invoice
from dashboard.billing.period import Period
from dashboard.billing.policy import current_policy
from dashboard.billing.roll import due_to_roll, roll_early, roll_over
from dashboard.billing.roll_preview import preview_roll
from dashboard.clock import utc_now
from dashboard.errors import Conflict, Stale
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.pricing.catalog import add_version
from dashboard.pricing.versions import terms_of
from dashboard.transaction import transaction
from dashboard.usage.reported import ReportedRecord
from tests.factories import (
    APRIL,
    NOW,
    MeteredPriceFactory,
    PriceFactory,
    make_organization,
    make_service,
)
from tests.support.billing import make_bill, put
from tests.support.usage import record_batch

SUPPORT = Actor("user", None, "support@example.com")


@pytest.fixture
def bill(db: object) -> Invoice:
    """A draft with one item, ten days before its cycle ends."""
    bill = make_bill()
    put(bill, a=4000)
    return bill


def invoices() -> list[Invoice]:
    """Return all invoices in order."""
    query = select(Invoice).order_by(Invoice.sequence)
    return list(database.session.scalars(query.execution_options(populate_existing=True)))


def early(bill: Invoice, now: datetime | None = None) -> Invoice:
    """Roll early as support would."""
    with transaction():
        return roll_early(
            bill.organization,
            reason="asked for",
            actor=SUPPORT,
            now=now or utc_now(),
            invoice_id=bill.id,
        )


def test_at_the_end_of_a_cycle_the_next_one_opens_and_the_old_one_is_closing(bill: Invoice) -> None:
    with transaction():
        following = roll_over(bill.organization, now=bill.period_end)
    assert (bill.status, following.status) == ("closing", "draft")
    assert (following.period_start, following.previous_invoice_id) == (bill.period_end, bill.id)
    assert following.cycle.sequence == 2


def test_before_the_end_nothing_rolls(bill: Invoice) -> None:
    moment = bill.period_end - timedelta(microseconds=1)
    assert due_to_roll(now=moment, most=10) == []
    assert roll_over(bill.organization, now=moment).id == bill.id
    with pytest.raises(Conflict, match="not over"):
        close(bill, now=moment)


def test_a_closed_invoice_is_not_closed_twice(bill: Invoice) -> None:
    with transaction():
        first = close(bill, now=bill.period_end)
        again = close(bill, now=bill.period_end)
    assert first.id == again.id
    assert len(invoices()) == 2


def test_after_an_outage_every_missed_cycle_is_rolled(bill: Invoice) -> None:
    with transaction():
        current = roll_over(bill.organization, now=bill.period_end + timedelta(days=70))
    assert [invoice.status for invoice in invoices()] == ["closing"] * (len(invoices()) - 1) + [
        "draft"
    ]
    assert current.period_start <= bill.period_end + timedelta(days=70) < current.period_end
    cycles = database.session.scalars(select(BillingCycle).order_by(BillingCycle.sequence)).all()
    assert all(a.ends_at == b.starts_at for a, b in pairwise(cycles))


def test_ten_at_once_open_one_next_invoice(app: Flask, bill: Invoice) -> None:
    organization_id, now = bill.organization_id, bill.period_end

    def roll(_: int) -> int:
        with app.app_context(), transaction():
            return roll_over(database.session.get_one(Organization, organization_id), now=now).id

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(roll, range(10)))) == 1
    assert [invoice.status for invoice in invoices()] == ["closing", "draft"]


def test_the_grace_passes_before_the_seal(bill: Invoice) -> None:
    with transaction():
        close(bill, now=bill.period_end)
    grace = timedelta(seconds=current_policy().closing_grace_seconds)
    moment = bill.period_end + grace
    assert due_to_seal(now=moment - timedelta(seconds=1), most=10) == []
    assert due_to_seal(now=moment, most=10) == [bill.id]
    with transaction():
        assert not seal([bill.id], now=moment - timedelta(seconds=1))
        assert seal([bill.id], now=moment)
        assert not seal([bill.id], now=moment)
    assert bill.status == "sealed"


def test_a_sealed_invoice_takes_no_item_even_from_code_with_a_bug(bill: Invoice) -> None:
    early(bill)
    with pytest.raises(DBAPIError, match="its items can not change"):
        put(bill, a=1)
    database.session.rollback()


def test_an_early_roll_leaves_the_rest_of_the_cycle_to_the_next_invoice(bill: Invoice) -> None:
    end = bill.period_end
    following = early(bill)
    assert (bill.status, following.status) == ("sealed", "draft")
    assert (following.cycle_id, following.period_end) == (bill.cycle_id, end)
    assert bill.period_end == following.period_start < end


def test_a_second_click_rolls_nothing(bill: Invoice) -> None:
    early(bill)
    with pytest.raises(Stale, match="already rolled"):
        early(bill)
    database.session.rollback()
    assert len(invoices()) == 2


def test_a_preview_says_what_would_happen_and_changes_nothing(bill: Invoice) -> None:
    now = utc_now()
    before = (bill.revision, bill.status, bill.period_end, bill.total_cents)
    shown = preview_roll(bill.organization, now=now)
    database.session.commit()
    assert shown.total_cents == 4000
    assert shown.closing.end == shown.opening.start == now.replace(microsecond=0)
    [after] = invoices()
    assert (after.revision, after.status, after.period_end, after.total_cents) == before


def test_a_preview_says_to_the_cent_what_the_roll_then_does(db: object) -> None:
    price = PriceFactory(version__unit_amount=Decimal(3000))
    acme = make_organization()
    make_service(acme, price, quantity=Decimal(3), at=APRIL)
    make_service(acme, MeteredPriceFactory(), at=APRIL)
    record_batch([ReportedRecord("acme", "requests", "k", Decimal(70), NOW)], now=NOW)
    later = NOW + timedelta(days=9)
    dearer = replace(terms_of(price.versions[0]), unit_amount=Decimal(5000))
    add_version(price, dearer, effective_at=later, now=NOW, actor=SUPPORT)
    database.session.commit()
    # Before the new version begins, and after.
    for now in (NOW + timedelta(days=1, microseconds=7), later + timedelta(days=2)):
        shown = preview_roll(acme, now=now)
        with transaction():
            following = roll_early(acme, reason="asked for", actor=SUPPORT, now=now)
        closed = invoices()[-2]
        assert (shown.total_cents, shown.opening_total_cents) == (
            closed.total_cents, following.total_cents
        )  # fmt: skip
        assert [(name, after) for name, _, after in shown.lines] == [
            (item.description, item.amount_cents) for item in closed.items
        ]
        assert shown.closing == Period(closed.period_start, closed.period_end)
        assert shown.opening == Period(following.period_start, following.period_end)


def test_statuses_only_go_forward(bill: Invoice) -> None:
    early(bill)
    bill.status = "draft"
    with pytest.raises(DBAPIError, match="can not go from sealed to draft"):
        database.session.flush()
    database.session.rollback()
