"""Usage follows the services: what a change of them for times gone by does to counted usage.

Usage is billed by the service that was attached when it was recorded. So an end that lies before
usage that is counted takes it off, and an attachment that covers it puts it back: the bill is the
one it would have been, had the service's change been known first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from dashboard.audit.actor import SYSTEM
from dashboard.audit.write import write_entry
from dashboard.billing.cause import Cause
from dashboard.billing.models import Invoice
from dashboard.billing.rebill import rebill
from dashboard.errors import Conflict
from dashboard.pricing.exact import plain, total
from dashboard.services.models import Service
from dashboard.usage.shifts import Metered, Shift, count_ambiguous, shift_usage
from dashboard.usage.taken_off import Tally


class UsageCounted(Conflict):
    """Usage that named no service is counted already, and two prices would count it."""

    code = "usage_counted"


def refuse_ambiguity(service: Service, *, since: datetime) -> None:
    """Raise UsageCounted if the service would make counted usage that named none ambiguous."""
    reached = Metered(service.organization_id, str(service.price.meter), since)
    count, newest = count_ambiguous(reached, price_id=service.price_id)
    if newest is not None:
        records = f"{count} record{'' if count == 1 else 's'} of {service.price.meter}"
        raise UsageCounted(
            f"{records}, up to {newest.isoformat()}, named no service and count under another "
            "price. Nothing was attached. Attach it after that time, and name the service in new "
            "usage.",
            field="at",
        )


def reassign_usage(
    service: Service, locked: Collection[Invoice], cause: Cause, *, since: datetime
) -> Tally | None:
    """Bill usage recorded from `since` on as the services are now; return what was taken off.

    `locked` are the organization's open invoices. What lies on sealed ones is corrected on the
    current invoice. None for a recurring service.
    """
    if service.price.meter is None:
        return None
    moved = Metered(service.organization_id, service.price.meter, since)
    shifts = shift_usage(moved, by=service.id, now=cause.at)
    cents = rebill(service.organization_id, shifts, locked, cause)
    off = [one for one in shifts if one.to_version is None]
    back = [one for one in shifts if one.from_version is None]
    for action, some in (("usage.taken_off", off), ("usage.put_back", back)):
        if some:
            _record(action, service, some, cents, cause)
    return _tally(off, service, cents)


def _tally(shifts: Sequence[Shift], service: Service, cents: int) -> Tally:
    return Tally(
        sum(shift.records for shift in shifts),
        total(shift.quantity for shift in shifts),
        str(service.price.meter),
        cents,
    )


def _record(
    action: str, service: Service, shifts: Sequence[Shift], cents: int, cause: Cause
) -> None:
    tally = _tally(shifts, service, cents)
    facts = {
        "records": tally.records,
        "quantity": plain(tally.quantity),
        "meter": tally.meter,
        "cents": cents,
        "currency": service.price.currency,
    }
    write_entry(action, service, cause.by or SYSTEM, facts, now=cause.at)
