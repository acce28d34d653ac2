"""Usage around the end of a cycle that was shortened: booked where it belongs, by kept books."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from dashboard.billing.draft import current_invoice
from dashboard.billing.roll import roll_over
from dashboard.extensions import db as database
from dashboard.organizations.cycle import CycleWanted, change_cycle
from dashboard.transaction import transaction
from dashboard.usage import record
from dashboard.usage.models import UsageRecord
from tests.factories import (
    APRIL,
    NOW,
    SUPPORT,
    MeteredPriceFactory,
    make_organization,
    make_service,
)
from tests.support.usage import accept

DAY = timedelta(days=1)
END = APRIL + 14 * DAY


def metered():
    """Return an organization that has used something today, whose books are kept."""
    organization = make_organization()
    make_service(organization, MeteredPriceFactory(code="requests"), at=APRIL, external_id="web")
    database.session.commit()
    with transaction():
        accept("a")
    return organization


def shorten(organization):
    """End the cycle on the 15th; return the ids of the cycle it was and of the next one."""
    first = current_invoice(organization).cycle_id
    with transaction():
        wanted = CycleWanted("month", anchor_at=END, ends_early=True)
        change_cycle(organization, wanted, reason="Asked for", actor=SUPPORT, now=NOW)
    with transaction():
        second = roll_over(organization, now=END).cycle_id
    return first, second


def booked():
    """Return the cycle of each key."""
    query = select(UsageRecord.key, UsageRecord.cycle_id)
    return dict(database.session.execute(query).all())


def test_usage_after_a_shortened_cycle_is_in_the_next_one(db):
    first, second = shorten(metered())
    with transaction():
        accept("b", at=END + DAY, now=END + DAY)
    assert booked() == {"a": first, "b": second}


def test_kept_books_whose_cycle_ended_before_the_usage_do_not_hold(db):
    """Whoever moved the end, and whether or not they said so."""
    first, second = shorten(metered())
    with transaction():
        accept("b")
    [kept] = record._shelf.kept({"acme"}, {"requests"}).accounts.values()
    old = [one._replace(ends_at=APRIL + 30 * DAY) for one in kept.cycles if one.id == first]
    record._shelf._accounts["acme"] = replace(kept, cycles=old)
    with transaction():
        accept("c", at=END, now=END + DAY)
    assert booked() == {"a": first, "b": first, "c": second}
