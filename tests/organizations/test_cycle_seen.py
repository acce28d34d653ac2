"""What was seen of a change of the cycle: only that is done, and done once."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.billing.draft import current_invoice
from dashboard.errors import Stale
from dashboard.extensions import db as database
from dashboard.organizations.cycle import CycleWanted, change_cycle
from dashboard.organizations.cycle_preview import preview_cycle
from dashboard.zones import zone_named
from tests.factories import SUPPORT, make_organization

JANUARY, FEBRUARY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)


def made():
    """Return an organization in months with nothing attached."""
    organization = make_organization(anchor=JANUARY, now=JANUARY)
    database.session.commit()
    return organization


def change(organization, wanted, *, now=NOW, seen=None):
    plan = change_cycle(organization, wanted, reason="Asked for", actor=SUPPORT, now=now, seen=seen)
    database.session.commit()
    return plan


def seen_of(organization, wanted):
    """Return what a preview names what it showed."""
    return preview_cycle(organization, wanted, now=NOW).seen


def test_a_cycle_that_would_end_at_another_time_than_was_seen_is_not_shortened(db):
    """The first of the new boundaries is another one once that was too near."""
    wanted = CycleWanted("week", "UTC", datetime(2026, 1, 11, tzinfo=UTC), ends_early=True)
    organization = made()
    seen = seen_of(organization, wanted)
    with pytest.raises(Stale, match="Nothing was changed"):
        change(organization, wanted, now=NOW + timedelta(hours=11, minutes=30), seen=seen)
    database.session.rollback()
    assert current_invoice(organization).period_end == FEBRUARY


def test_what_was_seen_of_one_change_does_not_do_another(db):
    organization = made()
    seen = seen_of(organization, CycleWanted("quarter"))
    with pytest.raises(Stale, match="Nothing was changed"):
        change(organization, CycleWanted("year"), seen=seen)


def test_a_midnight_that_does_not_exist_is_the_same_again_as_well(db):
    """As the form sends it: the clocks of Cairo go from 24 April, 00:00 to 01:00."""
    cairo = "Africa/Cairo"
    wanted = CycleWanted("month", cairo, datetime(2026, 4, 24, tzinfo=zone_named(cairo)))
    organization = made()
    seen = seen_of(organization, wanted)
    assert change(organization, wanted, seen=seen).is_new
    assert not change(organization, wanted, seen=seen).is_new
