"""At the boundary of two cycles and at a cut: each fact on the side it belongs to."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from dashboard.billing.close import close, due_to_seal, seal
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.policy import current_policy
from dashboard.billing.roll import roll_early
from dashboard.billing.roll_preview import preview_roll
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.usage.reported import ReportedRecord
from tests.factories import (
    APRIL,
    NOW,
    SUPPORT,
    MeteredPriceFactory,
    PriceFactory,
    make_organization,
    make_service,
)
from tests.support.usage import record_batch

MAY = APRIL + timedelta(days=30)
SOON = MAY + timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def acme(db):
    return make_organization()


def invoices(db):
    query = select(Invoice).order_by(Invoice.sequence)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def test_a_service_attached_a_moment_after_the_boundary_is_on_the_new_invoice(acme, db):
    make_service(acme, PriceFactory(), now=SOON)
    april, may = invoices(db)
    assert (april.status, april.items) == ("closing", [])
    assert len(may.items) == 1


def test_what_changes_or_ends_a_moment_after_the_boundary_is_on_the_new_invoice(acme, db):
    service = make_service(acme, PriceFactory(version__unit_amount=Decimal(3100)), at=APRIL)
    change_quantity(service, Decimal(0), now=SOON, actor=SUPPORT)
    assert [invoice.total_cents for invoice in invoices(db)] == [3100, 0]
    other = make_service(acme, PriceFactory(version__unit_amount=Decimal(3100)), at=MAY, now=SOON)
    detach_service(other, at=MAY + 3 * HOUR, now=MAY + 3 * HOUR, actor=SUPPORT)
    assert [invoice.total_cents for invoice in invoices(db)] == [3100, 13]


def test_an_end_after_the_boundary_rolls_first(acme, db):
    service = make_service(acme, PriceFactory(version__unit_amount=Decimal(3100)), at=APRIL)
    detach_service(service, now=MAY + 24 * HOUR, actor=SUPPORT)
    assert [invoice.total_cents for invoice in invoices(db)] == [3100, 100]


def test_the_grace_is_whole_also_when_the_clock_was_late(acme, db):
    late = MAY + 5 * HOUR
    close(current_invoice(acme), now=late)
    april = invoices(db)[0]
    grace = timedelta(seconds=current_policy().closing_grace_seconds)
    assert april.seal_after_at == late + grace
    moment = late + grace - timedelta(seconds=1)
    assert due_to_seal(now=moment, most=10) == []
    assert not seal([april.id], now=moment)


def test_a_preview_at_the_end_of_a_cycle_closes_it_where_it_ends(acme, db):
    shown = preview_roll(acme, now=MAY + HOUR)
    assert (shown.closing.end, shown.opening.start) == (MAY, MAY)
    assert shown.opening.end == APRIL + timedelta(days=61)


@pytest.mark.parametrize("after", [timedelta(0), timedelta(microseconds=1), timedelta(seconds=1)])
def test_usage_from_the_instant_of_the_cut_on_is_on_the_invoice_after_it(acme, db, after):
    make_service(acme, MeteredPriceFactory(), at=APRIL)
    roll_early(acme, reason="Moving", actor=SUPPORT, now=NOW)
    entry = ReportedRecord("acme", "requests", "a", Decimal(1), NOW + after)
    record_batch([entry], now=NOW + HOUR)
    cut, rest = invoices(db)
    assert (cut.period_end, rest.period_start) == (NOW, NOW)
    assert (cut.items, [item.quantity for item in rest.items]) == ([], [1])
