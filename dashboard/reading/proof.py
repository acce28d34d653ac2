"""What proves a bill, as it is read for a bank that asks a payment back.

What may be long (usage, what is on record, events) is read in batches over sessions of their own:
a download goes on when the request's session is over, and between two batches it holds no
connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Engine, Select, and_, or_, select, true, tuple_
from sqlalchemy.orm import Session, joinedload

from dashboard.audit.models import AuditEntry
from dashboard.billing.correction_models import Correction, InvoicePayment
from dashboard.billing.models import Adjustment, Invoice, InvoiceItem
from dashboard.billing.notes import corrections_of
from dashboard.extensions import db
from dashboard.pricing.models import Price, PriceVersion
from dashboard.services.models import Service, ServiceChange
from dashboard.usage.models import UsageRecord, UsageTakenOff
from dashboard.webhooks.models import WebhookEvent

BATCH = 2000
# Whoever looks changes nothing, and two downloads of the same facts are the same.
LOOKS = ("invoice.exported", "invoice.printed", "invoice.proof_downloaded")


class UsageRow(NamedTuple):
    """A record that the invoice's prices count, as it was reported; `taken_off` says why not."""

    recorded_at: datetime
    key: str
    received_at: datetime
    meter: str
    price: str
    service: str | None
    quantity: Decimal
    taken_off: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """An invoice with what it follows from, loaded; and what to read the long parts by."""

    invoice: Invoice
    versions: Sequence[PriceVersion]
    services: Sequence[Service]
    changes: Sequence[ServiceChange]
    payments: Sequence[InvoicePayment]
    corrections: Sequence[Correction]
    usage: Callable[[], Iterator[UsageRow]]
    calculations: Callable[[], Iterator[InvoiceItem]]
    audit: Callable[[], Iterator[AuditEntry]]
    events: Callable[[], Iterator[WebhookEvent]]


def proof_of(invoice: Invoice) -> Proof:
    """Return what proves an issued invoice; reads, and locks nothing."""
    query = select(InvoiceItem).where(InvoiceItem.invoice_id == invoice.id)
    items = db.session.scalars(query.options(joinedload(InvoiceItem.cycle))).all()
    versions = _versions({one.price_version_id for one in items if one.price_version_id})
    services = _services({one.service_id for one in items if one.service_id}, invoice, versions)
    payments, corrections = _payments(invoice), corrections_of(invoice)
    engine = db.engine
    usage = _usage(invoice, items)
    service_ids = [one.id for one in services]
    # Nearly all usage keeps no explanation: its item works it out by its price's version then.
    own_items = query.options(joinedload(InvoiceItem.price_version).joinedload(PriceVersion.price))
    audit = _audit(invoice, service_ids)
    events = _events(invoice, payments, corrections)
    return Proof(
        invoice,
        versions,
        services,
        _changes(service_ids),
        payments,
        corrections,
        usage=lambda: _read_usage(engine, usage),
        calculations=lambda: _by_id(engine, own_items, InvoiceItem),
        audit=lambda: _by_id(engine, audit, AuditEntry),
        events=lambda: _by_id(engine, events, WebhookEvent),
    )


def _versions(ids: set[int]) -> Sequence[PriceVersion]:
    query = select(PriceVersion).where(PriceVersion.id.in_(ids))
    return db.session.scalars(
        query.options(joinedload(PriceVersion.price)).order_by(PriceVersion.id)
    ).all()


def _services(
    ids: set[int], invoice: Invoice, versions: Sequence[PriceVersion]
) -> Sequence[Service]:
    """Return the services that are billed, and those that the invoice's usage prices count."""
    prices = {one.price_id for one in versions if one.price.kind == "metered"}
    query = (
        select(Service)
        .where(
            Service.organization_id == invoice.organization_id,
            or_(Service.id.in_(ids), Service.price_id.in_(prices)),
        )
        .options(joinedload(Service.price))
    )
    return db.session.scalars(query.order_by(Service.id)).all()


def _changes(service_ids: Sequence[int]) -> Sequence[ServiceChange]:
    query = select(ServiceChange).where(ServiceChange.service_id.in_(service_ids))
    return db.session.scalars(
        query.options(joinedload(ServiceChange.service)).order_by(ServiceChange.id)
    ).all()


def _payments(invoice: Invoice) -> Sequence[InvoicePayment]:
    query = select(InvoicePayment).where(InvoicePayment.invoice_id == invoice.id)
    return db.session.scalars(query.order_by(InvoicePayment.id)).all()


def _usage(invoice: Invoice, items: Sequence[InvoiceItem]) -> Select[*tuple[Any, ...]] | None:
    """Return how the records are read that the invoice's prices count, up to its closing.

    Later ones are on a later invoice of the cycle.
    """
    metered = [one for one in items if one.kind == "metered"]
    if not metered:
        return None
    billed = or_(
        *(
            and_(UsageRecord.cycle_id == cycle, UsageRecord.price_version_id == version)
            for cycle, version in sorted(
                {(one.cycle_id, one.price_version_id or 0) for one in metered}
            )
        )
    )
    until = invoice.sealed_at or invoice.finalized_at
    query = (
        select(
            UsageRecord.recorded_at,
            UsageRecord.key,
            UsageRecord.received_at,
            UsageRecord.meter,
            Price.code,
            UsageRecord.named_service,
            UsageRecord.quantity,
            UsageTakenOff.reason,
        )
        .join(PriceVersion, PriceVersion.id == UsageRecord.price_version_id)
        .join(Price, Price.id == PriceVersion.price_id)
        .outerjoin(
            UsageTakenOff,
            and_(
                # What was taken off later was billed here, and is given back on a later one.
                UsageTakenOff.taken_off_at <= until if until else true(),
                UsageTakenOff.organization_id == UsageRecord.organization_id,
                UsageTakenOff.key == UsageRecord.key,
                UsageTakenOff.recorded_at == UsageRecord.recorded_at,
            ),
        )
        .where(
            UsageRecord.organization_id == invoice.organization_id,
            # Of these months alone: the records are kept by month.
            UsageRecord.recorded_at >= min(one.cycle.starts_at for one in metered),
            UsageRecord.recorded_at < max(one.cycle.ends_at for one in metered),
            billed,
        )
    )
    return query if until is None else query.where(UsageRecord.received_at <= until)


def _read_usage(engine: Engine, query: Select[*tuple[Any, ...]] | None) -> Iterator[UsageRow]:
    place = tuple_(UsageRecord.recorded_at, UsageRecord.key)
    after: UsageRow | None = None
    while query is not None:
        some = query.where(place > tuple_(after.recorded_at, after.key)) if after else query
        with Session(engine) as session:
            in_turn = some.order_by(UsageRecord.recorded_at, UsageRecord.key).limit(BATCH)
            rows = [UsageRow(*row) for row in session.execute(in_turn)]
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1]


def _audit(invoice: Invoice, service_ids: Sequence[int]) -> Select[Any]:
    adjustments = select(Adjustment.id).where(Adjustment.invoice_id == invoice.id)
    return select(AuditEntry).where(
        AuditEntry.organization_id == invoice.organization_id,
        AuditEntry.action.not_in(LOOKS),
        or_(
            and_(AuditEntry.subject_type == "invoices", AuditEntry.subject_id == invoice.id),
            and_(AuditEntry.subject_type == "services", AuditEntry.subject_id.in_(service_ids)),
            and_(AuditEntry.subject_type == "adjustments", AuditEntry.subject_id.in_(adjustments)),
        ),
    )


def _events(
    invoice: Invoice, payments: Sequence[InvoicePayment], corrections: Sequence[Correction]
) -> Select[Any]:
    names = {invoice.stripe_invoice_id, *(one.stripe_id for one in corrections)}
    names |= {one.stripe_id for one in payments} | {one.paid_by for one in payments}
    known = sorted(name for name in names if name)
    return select(WebhookEvent).where(WebhookEvent.object_id.in_(known))


def _by_id(engine: Engine, query: Select[Any], kind: Any) -> Iterator[Any]:
    after = 0
    while True:
        with Session(engine) as session:
            some = query.where(kind.id > after).order_by(kind.id).limit(BATCH)
            rows = session.scalars(some).all()
            session.expunge_all()
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1].id
