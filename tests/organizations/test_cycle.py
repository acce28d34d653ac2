"""Another cycle: from the end of the current one on, or with a shortened one; fees stay right."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.billing.draft import current_invoice
from dashboard.billing.roll import roll_early, roll_over
from dashboard.errors import BillingError, Conflict, Invalid, Stale
from dashboard.extensions import db as database
from dashboard.invariants.known import INVARIANTS
from dashboard.invariants.look import look_at
from dashboard.organizations.cycle import CycleWanted, change_cycle
from dashboard.organizations.cycle_preview import preview_cycle
from dashboard.pricing.rating import FeeDoesNotFit
from dashboard.recount.look import recount
from tests.factories import (
    SUPPORT,
    PriceFactory,
    PriceVersionFactory,
    make_organization,
    make_service,
)

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
FEBRUARY, MARCH = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def acme(db):
    """An organization with a monthly fee of $31.00 since January."""
    organization = make_organization(anchor=JANUARY, now=JANUARY)
    price = PriceFactory(code="seat", name="Seat", version__unit_amount=Decimal(3100))
    make_service(organization, price, now=JANUARY, at=JANUARY)
    db.session.commit()
    return organization


def change(organization, wanted, *, now=NOW, seen=None):
    plan = change_cycle(organization, wanted, reason="Asked for", actor=SUPPORT, now=now, seen=seen)
    database.session.commit()
    return plan


def seen_of(organization, wanted):
    """Return what a preview names what it showed."""
    return preview_cycle(organization, wanted, now=NOW).seen


def rolled(organization, at):
    """Return the invoice that is current then."""
    invoice = roll_over(organization, now=at)
    database.session.commit()
    return invoice


def entries():
    query = select(AuditEntry).where(AuditEntry.action == "organization.cycle_changed")
    return list(database.session.scalars(query))


def check(organization, now):
    """Hold that the ledger adds up, by the invariants of money and by counting it all again."""
    only = [one for one in INVARIANTS if one.stops]
    assert list(map(str, look_at([organization.id], now=now, only=only))) == []
    assert list(map(str, recount(organization.id).differences)) == []


def test_the_current_cycle_stays_and_the_next_is_counted_anew(acme):
    plan = change(acme, CycleWanted("quarter"))
    current = current_invoice(acme)
    assert (current.period_end, current.total_cents) == (FEBRUARY, 3100)
    assert (plan.ends_at, plan.rule.anchor) == (FEBRUARY, FEBRUARY)
    following = rolled(acme, FEBRUARY)
    assert (following.period_start, following.period_end) == (
        FEBRUARY,
        datetime(2026, 5, 1, tzinfo=UTC),
    )
    assert following.total_cents == 3 * 3100
    assert following.cycle.interval == "quarter"
    check(acme, FEBRUARY)


def test_another_anchor_makes_a_part_of_a_cycle_that_costs_its_share(acme):
    change(acme, CycleWanted("month", anchor_at=datetime(2025, 7, 15, tzinfo=UTC)))
    part = rolled(acme, FEBRUARY)
    # 14 of the 31 days from 15 January on.
    assert (part.period_end, part.total_cents) == (datetime(2026, 2, 15, tzinfo=UTC), 1400)
    whole = rolled(acme, part.period_end)
    assert (whole.period_end, whole.total_cents) == (datetime(2026, 3, 15, tzinfo=UTC), 3100)
    check(acme, whole.period_start)


def test_the_current_cycle_can_be_shortened_and_costs_its_share(acme):
    wanted = CycleWanted("month", anchor_at=datetime(2026, 1, 15, tzinfo=UTC), ends_early=True)
    plan = change(acme, wanted)
    current = current_invoice(acme)
    assert plan.ends_at == current.period_end == datetime(2026, 1, 15, tzinfo=UTC)
    assert current.cycle.ends_at == current.period_end
    # 14 of 31 days.
    assert current.total_cents == 1400
    check(acme, NOW)
    following = rolled(acme, current.period_end)
    assert (following.period_end, following.total_cents) == (
        datetime(2026, 2, 15, tzinfo=UTC),
        3100,
    )
    check(acme, following.period_start)


def test_a_shortened_cycle_that_was_rolled_before_is_billed_once(acme):
    roll_early(acme, reason="Asked for", actor=SUPPORT, now=JANUARY + 5 * DAY)
    anchor = datetime(2026, 1, 15, tzinfo=UTC)
    change(acme, CycleWanted("month", anchor_at=anchor, ends_early=True))
    assert current_invoice(acme).total_cents == 1400 - 500
    check(acme, NOW)


def test_a_version_that_was_to_begin_in_what_is_cut_off_is_not_billed(acme, db):
    (service,) = current_invoice(acme).items
    price = service.price_version.price
    PriceVersionFactory(
        price=price, effective_at=datetime(2026, 1, 20, tzinfo=UTC), unit_amount=Decimal(6200)
    )
    db.session.expire_all()
    make_service(acme, price, now=NOW, at=NOW)
    assert len(current_invoice(acme).items) > 2
    anchor = datetime(2026, 1, 15, tzinfo=UTC)
    change(acme, CycleWanted("month", anchor_at=anchor, ends_early=True))
    assert {item.period_end for item in current_invoice(acme).items} == {anchor}
    check(acme, NOW)


def test_the_same_again_changes_nothing_also_with_what_was_seen_before(acme):
    for wanted in (
        CycleWanted("quarter"),
        CycleWanted("month", "Europe/Berlin", datetime(2026, 1, 15, tzinfo=UTC), ends_early=True),
        CycleWanted("month", "Asia/Kolkata", datetime(2026, 3, 15, tzinfo=UTC)),
    ):
        before = len(entries())
        seen = seen_of(acme, wanted)
        assert change(acme, wanted, seen=seen).is_new
        ends = current_invoice(acme).period_end
        assert not change(acme, wanted, seen=seen).is_new
        assert (len(entries()), current_invoice(acme).period_end) == (before + 1, ends)


def test_asking_for_the_same_length_after_the_roll_keeps_the_anchor(acme):
    change(acme, CycleWanted("quarter"))
    rolled(acme, FEBRUARY)
    assert not change(acme, CycleWanted("quarter"), now=FEBRUARY + DAY).is_new


def test_what_moved_since_it_was_seen_is_refused(acme):
    seen = seen_of(acme, CycleWanted("year"))
    change(acme, CycleWanted("quarter"))
    with pytest.raises(Stale, match="Nothing was changed"):
        change(acme, CycleWanted("year"), seen=seen)
    assert acme.cycle_interval == "quarter"


def test_a_fee_that_does_not_fit_the_new_cycle_is_told_by_name(acme):
    with pytest.raises(FeeDoesNotFit, match="seat is a fee per month, which cannot be billed in a "
                       "weekly cycle"):  # fmt: skip
        change(acme, CycleWanted("week"))
    database.session.rollback()
    assert current_invoice(acme).period_end == FEBRUARY


def test_a_fee_that_fits_the_current_cycle_only_is_not_attached_before_the_next(acme):
    change(acme, CycleWanted("quarter"))
    yearly = PriceFactory(code="yearly", interval="year")
    quarterly = PriceFactory(code="quarterly", interval="quarter")
    database.session.commit()
    for price in (yearly, quarterly):
        # A quarterly one would fit the next cycle, but not this one.
        with pytest.raises(FeeDoesNotFit):
            make_service(acme, price, now=NOW, at=NOW)
        database.session.rollback()


def test_a_cycle_is_not_shortened_to_where_usage_may_be_already(acme):
    soon = NOW + timedelta(minutes=30)
    plan = change(acme, CycleWanted("month", anchor_at=soon))
    assert plan.ends_at == FEBRUARY
    weekly = CycleWanted("month", anchor_at=soon, ends_early=True)
    with pytest.raises(Invalid, match="The current cycle ends 1 Feb 2026, 00:00 UTC, before a new"):
        change(acme, CycleWanted("quarter", anchor_at=soon, ends_early=True))
    database.session.rollback()
    # Already counted so from the end on, and there is nothing to shorten.
    assert not change(acme, weekly).is_new


def test_a_cycle_that_is_over_is_first_closed(acme):
    with pytest.raises(Conflict, match="just ended"):
        preview_cycle(acme, CycleWanted("quarter"), now=FEBRUARY)
    # The verb closes it itself, and changes the one after.
    plan = change(acme, CycleWanted("quarter"), now=FEBRUARY + DAY)
    assert plan.ends_at == MARCH
    assert current_invoice(acme).period_start == FEBRUARY


@pytest.mark.parametrize(
    "wanted",
    [CycleWanted("day"), CycleWanted("month", "Mars/Olympus")],
)
def test_a_cycle_that_cannot_be_is_refused(acme, wanted):
    with pytest.raises(Invalid):
        change(acme, wanted)


def test_months_from_the_31st_keep_their_day_in_a_longer_cycle(db):
    anchor = datetime(2026, 1, 31, tzinfo=UTC)
    organization = make_organization("end", anchor=anchor, now=anchor)
    assert current_invoice(organization).period_end == datetime(2026, 2, 28, tzinfo=UTC)
    change(organization, CycleWanted("quarter"), now=anchor + DAY)
    quarter = rolled(organization, datetime(2026, 2, 28, tzinfo=UTC))
    assert quarter.period_end == datetime(2026, 5, 31, tzinfo=UTC)


def test_a_zone_moves_the_hour_and_a_few_hours_short_cost_a_few_hours_less(acme):
    berlin = datetime(2026, 1, 31, 23, tzinfo=UTC)  # midnight there
    change(acme, CycleWanted("month", "Europe/Berlin", berlin))
    following = rolled(acme, FEBRUARY)
    assert following.period_end == datetime(2026, 2, 28, 23, tzinfo=UTC)
    # 28 days less an hour, of 28 days.
    assert following.total_cents == round(3100 * (28 * 24 - 1) / (28 * 24))
    check(acme, FEBRUARY)


def test_the_change_is_on_record_with_what_was(acme):
    change(acme, CycleWanted("month", "Europe/Berlin", datetime(2026, 1, 15, tzinfo=UTC), True))
    (entry,) = entries()
    assert entry.reason == "Asked for"
    assert entry.facts == {
        "every": "monthly", "zone": "Europe/Berlin", "anchor_at": "2026-01-15T00:00:00+00:00",
        "every_before": "monthly", "zone_before": "UTC",
        "anchor_at_before": "2026-01-01T00:00:00+00:00",
        "begins_at": "2026-01-15T00:00:00+00:00", "ends_early_at": "2026-01-15T00:00:00+00:00",
    }  # fmt: skip


WANTED = [
    CycleWanted("quarter"),
    CycleWanted("year", "America/New_York"),
    CycleWanted("month", anchor_at=datetime(2025, 7, 15, tzinfo=UTC)),
    CycleWanted("month", anchor_at=datetime(2026, 1, 15, tzinfo=UTC), ends_early=True),
    CycleWanted("quarter", "Asia/Kolkata", datetime(2026, 1, 19, tzinfo=UTC), ends_early=True),
    CycleWanted("month"),
]


@pytest.mark.parametrize("wanted", WANTED)
def test_the_preview_says_what_is_then_billed_and_changes_nothing(acme, db, wanted):
    before = current_invoice(acme).revision
    shown = preview_cycle(acme, wanted, now=NOW)
    db.session.commit()
    assert (current_invoice(acme).revision, current_invoice(acme).period_end) == (before, FEBRUARY)
    assert shown.before_cents == 3100
    assert shown.without.cents == 3100
    change(acme, wanted, seen=shown.seen)
    current = current_invoice(acme)
    assert (current.total_cents, current.period_end) == (shown.after_cents, shown.current.end)
    for told in shown.following:
        invoice = rolled(acme, told.period.start)
        assert (invoice.period_start, invoice.period_end) == (told.period.start, told.period.end)
        assert invoice.total_cents == told.cents
        assert [line.cents for line in told.lines] == [told.cents]
    assert not shown.following[-1].is_part
    check(acme, invoice.period_start)


def test_the_preview_refuses_what_the_change_would(acme):
    for wanted in (CycleWanted("week"), CycleWanted("day")):
        with pytest.raises(BillingError):
            preview_cycle(acme, wanted, now=NOW)
        database.session.rollback()
