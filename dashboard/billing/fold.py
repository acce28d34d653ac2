"""Fold: put the usage that was accepted since the last time on the bill, in bulk.

Senders only write records and what they come to (`usage.record`), and wait for nobody's invoice.
Here it is counted, organization by organization, each by whoever holds its open invoices: whoever
reads, rolls, seals or changes the services of one, and within a second the folder. A price is then
rated once, however many records arrived. See docs/decisions/fold.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time

from sqlalchemy import select

from dashboard.audit.actor import SYSTEM
from dashboard.audit.write import write_entry
from dashboard.billing.cause import Cause
from dashboard.billing.locks import lock_open
from dashboard.billing.models import Invoice
from dashboard.billing.plain_fold import add_plain
from dashboard.billing.rebill import bill_units, rebill
from dashboard.billing.revision import touch_all
from dashboard.extensions import db
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.pricing.exact import plain, total
from dashboard.pricing.models import Price, PriceVersion
from dashboard.pricing.rating import AmountTooLarge
from dashboard.rehearsal import rehearses
from dashboard.usage.shifts import Metered, Shift, shift_usage
from dashboard.usage.waiting import (
    Taken,
    WaitingCount,
    counts_waiting,
    is_waiting,
    refuse,
    take,
    take_count,
    waits_of,
)


def counted_organization(slug: str, *, now: datetime) -> Organization:
    """Return the organization with all usage on its bill that was accepted; raise NotFound.

    Whether any waits is asked along with the organization: no statement more, and a few
    microseconds. When some does, its open invoices are locked for as long as its metered items are
    rated, some milliseconds.
    """
    asked = select(Organization, waits_of(Organization.id)).where(Organization.slug == slug)
    found = db.session.execute(asked).one_or_none()
    if found is None:
        return organization_by_slug(slug)
    organization, waits = found
    if waits and not rehearses():
        count_waiting(lock_open([organization.id]), now=now)
    return organization


def count_now(organization_id: int, *, now: datetime) -> None:
    """Put all accepted usage on the bill of an organization; one statement where none waits."""
    if not rehearses() and is_waiting([organization_id]):
        count_waiting(lock_open([organization_id]), now=now)


def count_of_all(organization_ids: Collection[int], *, now: datetime) -> None:
    """Put all accepted usage on the bills of several organizations that are read together."""
    if not rehearses():
        count_waiting(lock_open(organization_ids), now=now)


def fold(organization_ids: Collection[int], *, now: datetime) -> None:
    """Count what waits of these organizations together.

    One that somebody else is changing, another folder perhaps, is left for the next time. Raises
    AmountTooLarge where several are asked for and a line of one cannot hold its units: by itself
    each is counted as far as it fits.
    """
    locked = lock_open(organization_ids, wait=False)
    if len(organization_ids) == 1:
        count_waiting(locked, now=now)
    elif locked:
        _count(take({invoice.organization_id for invoice in locked}), locked, now)


def count_waiting(locked: Collection[Invoice], *, now: datetime) -> None:
    """Put what waits of some organizations on their bills; `locked` are all their open invoices.

    Units that a line cannot hold are taken off: their records are kept and shown with the reason.
    `usage.record` refuses such units at once, so that it takes a million large records to get here.
    """
    for count, why in count_what_fits(locked, now=now):
        refuse(count, why.code, now=now)


def count_what_fits(
    locked: Collection[Invoice], *, now: datetime
) -> list[tuple[WaitingCount, AmountTooLarge]]:
    """Do as `count_waiting`, but let what a line cannot hold wait; return it, with why."""
    organization_ids = {invoice.organization_id for invoice in locked}
    if rehearses() or not is_waiting(organization_ids):
        return []
    try:
        with db.session.begin_nested():
            _count(take(organization_ids), locked, now)
    except AmountTooLarge:
        tried = [(one, _try(one, locked, now)) for one in counts_waiting(organization_ids)]
        return [(count, why) for count, why in tried if why is not None]
    return []


def _try(count: WaitingCount, locked: Collection[Invoice], now: datetime) -> AmountTooLarge | None:
    """Count one price of one cycle; return why it does not fit, if it does not."""
    try:
        with db.session.begin_nested():
            _count(take_count(count), locked, now)
    except AmountTooLarge as why:
        return why
    return None


def _count(taken: Sequence[Taken], locked: Collection[Invoice], now: datetime) -> None:
    units = {(one.cycle_id, one.price_version_id): one.quantity for one in taken}
    rest = add_plain(units, locked, now=now)
    if rest:
        touch_all(bill_units(rest, locked, Cause.usage(now)), now=now)
    for one in taken:
        if one.doubtful_since is not None:
            _look_again(one, locked, now)


def _look_again(taken: Taken, locked: Collection[Invoice], now: datetime) -> None:
    """Bill what was accepted while the organization's services changed as they are now."""
    version = db.session.get_one(PriceVersion, taken.price_version_id)
    midnight = datetime.combine(taken.doubtful_since or now.date(), time.min, UTC)
    found = Metered(taken.organization_id, str(version.price.meter), midnight)
    shifts = shift_usage(found, by=None, now=now)
    mine = [one for one in locked if one.organization_id == taken.organization_id]
    cents = rebill(taken.organization_id, shifts, mine, Cause.usage(now))
    off = [shift for shift in shifts if shift.to_version is None]
    if off:
        _record(taken.organization_id, version.price, off, cents, now)


def _record(
    organization_id: int, price: Price, off: Sequence[Shift], cents: int, now: datetime
) -> None:
    facts = {
        "records": sum(shift.records for shift in off),
        "quantity": plain(total(shift.quantity for shift in off)),
        "meter": price.meter,
        "cents": cents,
        "currency": price.currency,
    }
    organization = db.session.get_one(Organization, organization_id)
    write_entry("usage.taken_off", organization, SYSTEM, facts, now=now)
