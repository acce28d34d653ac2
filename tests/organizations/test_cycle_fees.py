"""Fees around a change of the cycle: one that is held in none of a cycle need not fit it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dashboard.billing.cause import Cause
from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.roll import open_invoices, roll_over
from dashboard.billing.void import rerate_after
from dashboard.extensions import db as database
from dashboard.organizations.cycle import CycleWanted, change_cycle
from dashboard.pricing.rating import FeeDoesNotFit
from dashboard.recount.look import recount
from dashboard.services.attach import attach_services
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.services.known import Attachment
from dashboard.what_if.fees import Fees
from dashboard.what_if.wanted import Wanted
from tests.factories import SUPPORT, PriceFactory, make_organization, make_service

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 20, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def seat(db):
    """A fee for a month."""
    return PriceFactory(code="seat", version__unit_amount=Decimal(3100))


@pytest.fixture
def acme(db):
    """An organization in months with nothing attached."""
    organization = make_organization(anchor=JANUARY, now=JANUARY)
    db.session.commit()
    return organization


def change(organization, interval, *, now=NOW):
    change_cycle(organization, CycleWanted(interval), reason="Asked for", actor=SUPPORT, now=now)
    database.session.commit()


def quarterly():
    """Return a fee for a quarter."""
    return PriceFactory(code="support", interval="quarter", version__unit_amount=Decimal(9000))


def in_quarters(organization):
    """Let January end and a quarter begin; return the invoice of January, sealed."""
    first = current_invoice(organization)
    change(organization, "quarter")
    roll_over(organization, now=FEBRUARY)
    seal_now(first, now=FEBRUARY)
    database.session.commit()
    return first


def test_lines_of_two_cycles_are_rated_anew_though_a_fee_fits_one_of_them_only(acme, seat):
    in_quarters(acme)
    now = FEBRUARY + 5 * DAY
    make_service(acme, quarterly(), now=now, at=FEBRUARY)
    make_service(acme, seat, now=now, at=NOW)
    current = current_invoice(acme)
    before = current.total_cents
    assert len({item.cycle_id for item in current.items}) == 2
    rerate_after(current.items, open_invoices([acme], now=now), Cause("void", now, SUPPORT))
    assert (current.total_cents, before) == (9000 + 1200 + 3 * 3100, before)
    database.session.commit()
    assert not recount(acme.id).differences


def test_fees_are_attached_together_that_reach_into_other_cycles(acme, seat):
    in_quarters(acme)
    both = [(seat, Attachment(at=NOW)), (quarterly(), Attachment(at=FEBRUARY))]
    attach_services(acme, both, now=FEBRUARY + DAY, actor=SUPPORT)
    assert current_invoice(acme).total_cents == 9000 + 1200 + 3 * 3100
    database.session.commit()
    assert not recount(acme.id).differences


@pytest.fixture
def ended(acme, seat):
    """The organization, whose fee ended in the last second of January."""
    service = make_service(acme, seat, now=JANUARY, at=JANUARY)
    detach_service(service, now=FEBRUARY - SECOND / 2, actor=SUPPORT)
    database.session.commit()
    assert service.detached_at == FEBRUARY
    return acme


def test_a_cycle_opens_though_a_fee_that_ended_where_it_begins_does_not_fit(ended):
    ended.cycle_interval = "week"
    current = roll_over(ended, now=FEBRUARY)
    assert (current.cycle.interval, current.total_cents) == ("week", 0)
    assert all(line.after == 0 for line in Fees.load(current).lines(Wanted(FEBRUARY)))
    database.session.commit()
    assert not recount(ended.id).differences


def test_a_change_looks_at_every_fee_that_the_next_cycle_does(ended):
    with pytest.raises(FeeDoesNotFit, match="seat is a fee per month"):
        change(ended, "week", now=FEBRUARY - SECOND / 4)


def test_how_many_of_a_fee_there_are_changes_while_an_earlier_cycle_is_closing(acme):
    change(acme, "quarter")
    roll_over(acme, now=FEBRUARY)
    support = make_service(acme, quarterly(), now=FEBRUARY + DAY, at=FEBRUARY)
    change_quantity(support, Decimal(2), now=FEBRUARY + 2 * DAY, actor=SUPPORT)
    assert len(open_invoices([acme], now=FEBRUARY + 2 * DAY)) == 2
    assert current_invoice(acme).total_cents > 9000


def test_how_many_there_were_changes_of_a_fee_that_ended_before_weeks(acme, seat):
    service = make_service(acme, seat, now=JANUARY, at=JANUARY)
    detach_service(service, at=NOW, now=NOW, actor=SUPPORT)
    change(acme, "week")
    roll_over(acme, now=FEBRUARY)
    change_quantity(service, Decimal(2), at=NOW - DAY, now=FEBRUARY + DAY, actor=SUPPORT)
    # A day of January more of it, on the invoice that is closing.
    first = next(one for one in open_invoices([acme], now=FEBRUARY + DAY) if one.sequence == 1)
    assert first.total_cents == 1900 + 100
