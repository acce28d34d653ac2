"""What correcting a fact of the past would change of bills, before it is done; nothing is locked.

What was issued never changes: it is made up for on the open invoices, by the same rules as when it
is done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from dashboard.audit.actor import SYSTEM
from dashboard.billing.cause import Cause
from dashboard.billing.locks import open_of
from dashboard.billing.models import FINALIZED, BillingCycle, Invoice, InvoiceItem
from dashboard.billing.period import second_after
from dashboard.billing.rebill import bill_units
from dashboard.billing.recurring import rerate_services
from dashboard.billing.reissue_end import open_lines
from dashboard.billing.reissue_preview import Part
from dashboard.billing.targets import Targets
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.exact import EXACT
from dashboard.rehearsal import rehearsal
from dashboard.services.change import check_change, when_changed
from dashboard.services.detach import check_end, check_same_end
from dashboard.services.instant import effective_instant
from dashboard.services.models import Service, ServiceChange
from dashboard.usage.cancel import look_at_cancellation
from dashboard.usage.shifts import Metered, Shift, look_at_shifts


@dataclass(frozen=True, slots=True)
class IssuedBill:
    """A bill that can no longer change and that the fact is on, with what it bills of it."""

    sequence: int
    number: str | None
    status: str
    cents: int


@dataclass(frozen=True, slots=True)
class PastPreview:
    """What a corrected fact changes: nothing of `issued`, and `lines` of the open invoices.

    In minor units, before tax. `before` and `after` are what the open invoices come to together;
    `records` and `units` are the usage that is taken off, none for a recurring price.
    """

    issued: Sequence[IssuedBill]
    lines: Sequence[Part]
    before: int
    after: int
    records: int = 0
    units: Decimal = Decimal(0)

    @property
    def cents(self) -> int:
        """By how much the next bill grows; below zero it shrinks."""
        return self.after - self.before


def preview_end(service: Service, *, at: datetime | None, now: datetime) -> PastPreview:
    """Return what `detach_service` would do; raises what it would."""
    instant = second_after(effective_instant(service.organization_id, at, now=now))
    if service.detached_at is not None:
        check_same_end(service, at)
        return _unchanged(service)
    check_end(service, instant)
    cause = Cause("detach", now, SYSTEM, service.id)
    if service.price.meter is None:
        with rehearsal():
            locked, before = _open(service)
            service.detached_at = instant
            _rate(service, instant, locked, cause)
            return _told(_items_of_fee(service, instant), locked, before)
    meter = Metered(service.organization_id, service.price.meter, instant)
    with rehearsal():
        locked, before = _open(service)
        shifts = look_at_shifts(meter, service_id=service.id, ended_at=instant)
        bill_units(_units(shifts), locked, cause)
        taken_off = [one for one in shifts if one.to_version is None]
        return _told(_items_of(shifts), locked, before, taken_off)


def preview_quantity(
    service: Service, quantity: Decimal, *, at: datetime | None, now: datetime
) -> PastPreview:
    """Return what `change_quantity` would do; raises what it would."""
    instant, known = when_changed(service, quantity, at=at, now=now)
    if known is not None:
        return _unchanged(service)
    with rehearsal():
        locked, before = _open(service)
        organization = db.session.get_one(Organization, service.organization_id)
        check_change(service, quantity, organization, since=instant)
        change = ServiceChange(
            organization_id=service.organization_id, service_id=service.id, effective_at=instant,
            quantity=quantity, created_at=now,
        )  # fmt: skip
        told = list(service.changes)
        # Without telling the session of it: what is only looked at must not be stored.
        ordered = sorted([*told, change], key=lambda one: one.effective_at)
        set_committed_value(service, "changes", ordered)
        try:
            _rate(service, instant, locked, Cause("quantity", now, SYSTEM, service.id))
            return _told(_items_of_fee(service, instant), locked, before)
        finally:
            set_committed_value(service, "changes", told)


def preview_cancellation(
    organization: Organization, keys: Sequence[str], *, now: datetime
) -> PastPreview:
    """Return what `cancel_usage` would do; raises what it would. What waits is to be counted."""
    with rehearsal():
        shifts = look_at_cancellation(organization, keys, now=now)
        locked = open_of(organization.id)
        before = open_lines(locked)
        bill_units(_units(shifts), locked, Cause("cancellation", now, SYSTEM))
        return _told(_items_of(shifts), locked, before, shifts)


Lines = dict[tuple[int, str], tuple[str, int]]


def _open(service: Service) -> tuple[Sequence[Invoice], Lines]:
    locked = open_of(service.organization_id)
    return locked, open_lines(locked)


def _rate(service: Service, instant: datetime, locked: Collection[Invoice], cause: Cause) -> None:
    query = select(BillingCycle).where(
        BillingCycle.organization_id == service.organization_id, BillingCycle.ends_at > instant
    )
    cycles = db.session.scalars(query.order_by(BillingCycle.starts_at)).all()
    rerate_services([service], cycles, Targets.load(locked, cycles), cause)


def _told(
    issued: Sequence[IssuedBill],
    locked: Collection[Invoice],
    before: Lines,
    shifts: Collection[Shift] = (),
) -> PastPreview:
    after = open_lines(locked)
    lines = [
        Part(
            (after.get(key) or before[key])[0],
            before.get(key, ("", 0))[1],
            after.get(key, ("", 0))[1],
        )
        for key in {**before, **after}
    ]
    return PastPreview(
        issued,
        [one for one in lines if one.before != one.after],
        sum(one.before for one in lines),
        sum(one.after for one in lines),
        sum(one.records for one in shifts),
        sum((one.quantity for one in shifts), Decimal(0)),
    )


def _unchanged(service: Service) -> PastPreview:
    with rehearsal():
        _, before = _open(service)
    total = sum(cents for _, cents in before.values())
    return PastPreview((), (), total, total)


def _units(shifts: Iterable[Shift]) -> dict[tuple[int, int], Decimal]:
    units: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for shift in shifts:
        for version, quantity in (
            (shift.from_version, -shift.quantity),
            (shift.to_version, shift.quantity),
        ):
            if version is not None:
                key = (shift.cycle_id, version)
                units[key] = EXACT.add(units[key], quantity)
    return {key: some for key, some in units.items() if some}


def _items_of_fee(service: Service, instant: datetime) -> list[IssuedBill]:
    cycles = select(BillingCycle.id).where(
        BillingCycle.organization_id == service.organization_id, BillingCycle.ends_at > instant
    )
    return _bills(InvoiceItem.service_id == service.id, InvoiceItem.cycle_id.in_(cycles))


def _items_of(shifts: Collection[Shift]) -> list[IssuedBill]:
    cycles = {one.cycle_id for one in shifts}
    versions = {one.from_version for one in shifts if one.from_version is not None}
    return _bills(
        InvoiceItem.cycle_id.in_(cycles), InvoiceItem.price_version_id.in_(versions)
    )  # fmt: skip


def _bills(*conditions: object) -> list[IssuedBill]:
    """Return what bills that were issued ask of such items by now: a void one asks nothing."""
    query = (
        select(Invoice, InvoiceItem)
        .join(InvoiceItem, InvoiceItem.invoice_id == Invoice.id)
        .where(Invoice.status.in_(FINALIZED), *conditions)  # type: ignore[arg-type]
        .order_by(Invoice.sequence)
    )
    cents: dict[Invoice, int] = defaultdict(int)
    for invoice, item in db.session.execute(query):
        if invoice.status == "void":
            cents[invoice] = 0
        else:
            cents[invoice] += item.billed_cents - item.credited_cents
    return [IssuedBill(one.sequence, one.number, one.status, cents[one]) for one in cents]
