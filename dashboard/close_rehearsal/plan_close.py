"""The close of one bill as it would be now, by the code that does it, with nothing changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import ceil

from sqlalchemy import text

from dashboard.billing.cause import Cause
from dashboard.billing.draft import rerate_recurring
from dashboard.billing.forecast import forecast
from dashboard.billing.models import Invoice
from dashboard.billing.stuck import STUCK
from dashboard.billing.successor import following_draft
from dashboard.close_rehearsal.anomalies import Meter, anomalies
from dashboard.closing.people import wanted_of, why_wait
from dashboard.errors import BillingError
from dashboard.extensions import db
from dashboard.gateway.protocol import LINES_PER_CALL
from dashboard.invariants.hold import DOES_NOT_ADD_UP, why_not_issued
from dashboard.money import Money
from dashboard.rehearsal import rehearsal
from dashboard.sync.added_lines import added_lines
from dashboard.sync.finalize import added_reason
from dashboard.sync.snapshot import Snapshot, glance

# So many lines a reply shows: a bill of more is read before it is finalized.
SHOWN = 10
METERS = text("""
    select invoice.id, version.price_id,
           count(distinct total.day) filter (where total.cycle_id = before.id),
           greatest(cast(extract(epoch from before.ends_at - before.starts_at) / 86400 as int), 1),
           count(distinct total.day) filter (where total.cycle_id = cycle.id),
           max(total.day)
    from invoices invoice
    join billing_cycles cycle on cycle.id = invoice.cycle_id
    join billing_cycles before
      on before.organization_id = invoice.organization_id and before.sequence = cycle.sequence - 1
    join usage_totals total
      on total.organization_id = invoice.organization_id
     and total.cycle_id in (cycle.id, before.id) and total.quantity > 0
    join price_versions version on version.id = total.price_version_id
    where invoice.id = any(cast(:invoices as bigint[])) and exists (
        select from services where services.organization_id = invoice.organization_id
          and services.price_id = version.price_id and services.detached_at is null)
    group by invoice.id, version.price_id, before.starts_at, before.ends_at
""")


@dataclass(frozen=True, slots=True)
class PlannedClose:
    """What closing it would take and come to, in cents; `would_hold` with its sentence `why`."""

    invoice: Invoice
    total_cents: int
    expected_cents: int
    before_cents: int | None
    calls: int
    would_hold: str | None
    why: str | None
    anomalies: Sequence[str]


def plan_close(invoice: Invoice, meters: Sequence[Meter], *, now: datetime) -> PlannedClose:
    """Return what would become of a draft that closes now; nothing is locked, written or called."""
    snapshot = glance(invoice)
    told = forecast(invoice, now=now)
    expected = told.so_far_cents if told.is_too_early else told.likely_cents
    is_new = not invoice.organization.stripe_customer_id
    stops = _why_held(invoice, now)
    # What people let go once they looked costs its calls in the same night.
    held = stops or _why_people_hold(invoice, expected)
    return PlannedClose(
        invoice=invoice,
        total_cents=invoice.total_cents,
        expected_cents=expected,
        before_cents=told.last_cycle_cents,
        calls=0 if stops else calls_of(snapshot, is_new=is_new),
        would_hold=held[0] if held else None,
        why=held[1] if held else None,
        anomalies=anomalies(expected, told.last_cycle_cents, meters, today=_day(now)),
    )


def calls_of(snapshot: Snapshot, *, is_new: bool) -> int:
    """Return the calls to Stripe of a final sync that begins here, its finalization included."""
    if not snapshot.desired and not snapshot.added_left:
        # Nothing is billed: a draft that is there is deleted.
        return int(snapshot.exists)
    lines = len(snapshot.desired) + snapshot.added_left
    reads = ceil(lines / LINES_PER_CALL) if lines > SHOWN else 0
    return int(is_new) + snapshot.plan().calls + reads + 1


def meters_of(invoice_ids: Collection[int]) -> Mapping[int, Sequence[Meter]]:
    """Return the meters still in use of each of these drafts; one statement."""
    found: dict[int, list[Meter]] = defaultdict(list)
    rows = db.session.execute(METERS, {"invoices": list(invoice_ids)})
    for invoice_id, _, *columns in rows:
        found[invoice_id].append(Meter(*columns))
    return found


def _why_held(invoice: Invoice, now: datetime) -> tuple[str, str] | None:
    if invoice.parked_code is not None:
        return invoice.parked_code, invoice.parked_reason or "It is on hold."
    added = added_lines(invoice.id)
    if added:
        return "foreign_lines", added_reason(invoice, added)
    unsound = why_not_issued(invoice)
    if unsound is not None:
        return DOES_NOT_ADD_UP, unsound
    return _why_stuck(invoice, now)


def _why_people_hold(invoice: Invoice, expected_cents: int) -> tuple[str, str] | None:
    """Return whether people want a bill to wait that comes to what is expected of it."""
    expected = Money(expected_cents, invoice.currency)
    return why_wait(wanted_of(invoice, expected_cents), expected)


def _why_stuck(invoice: Invoice, now: datetime) -> tuple[str, str] | None:
    """Return why the next cycle could not be opened, if so: then this one does not close."""
    try:
        with rehearsal():
            following = following_draft(invoice, now=now)
            rerate_recurring(following, Cause.cycle(now))
    except BillingError as error:
        return STUCK, error.message
    return None


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()
