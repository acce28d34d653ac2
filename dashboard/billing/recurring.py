"""Recurring items: one per service and price version on an invoice, rated from the attachments."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload, selectinload

from dashboard.billing.cause import Cause
from dashboard.billing.chain import ChainKey, Chains, remainder
from dashboard.billing.lines import Line, add_line, change_line, drop_line, recurring_key
from dashboard.billing.models import BillingCycle, Invoice
from dashboard.billing.period import Period
from dashboard.billing.targets import Targets
from dashboard.extensions import db
from dashboard.pricing.models import Price
from dashboard.pricing.rating import Rated, Segment, rate_recurring
from dashboard.pricing.versions import VersionWindow, load_windows
from dashboard.services.models import Service
from dashboard.services.segments import segments


@dataclass(frozen=True, slots=True)
class Fee:
    """What one service owes under one price version in one cycle; `window` is when both hold."""

    service: Service
    cycle: BillingCycle
    version: VersionWindow
    window: Period

    @property
    def key(self) -> ChainKey:
        """What its items are chained by."""
        return ChainKey(self.cycle.id, self.version.version.id, self.service.id)

    def held(self, period: Period) -> list[Segment]:
        """Return the quantities attached in the part of `period` that the fee is for."""
        shared = self.window.clip(period)
        if shared is None:
            return []
        detached_at = self.service.detached_at
        return segments(self.service.changes, detached_at, shared.start, shared.end)

    def until(self, end: datetime) -> Rated:
        """Rate everything attached in the cycle before `end`; raise CannotRate."""
        return self.rate(self.held(Period(self.cycle.starts_at, end)))

    def rate(self, held: Sequence[Segment]) -> Rated:
        """Rate what of the fee was `held` in the cycle; raise CannotRate."""
        whole = self.cycle.whole(self.version.price, is_held=bool(held))
        return rate_recurring(self.version.terms, held, whole, whole.times)


def rerate_services(
    services: Sequence[Service],
    cycles: Sequence[BillingCycle],
    targets: Targets,
    cause: Cause,
    *,
    chains: Chains | None = None,
) -> set[Invoice]:
    """Rate these services of one organization anew for `cycles`; return the invoices that changed.

    The invoices in `targets` must be locked. They are not touched: call `touch_all`. `chains` are
    what was billed so far, read here unless the caller has them.
    """
    if not services or not cycles:
        return set()
    if chains is None:
        of_cycles = {cycle.id for cycle in cycles}
        ids = {service.id for service in services}
        of_organization = {services[0].organization_id}
        chains = Chains.load("recurring", of_organization, of_cycles, service_ids=ids)
    changed: set[Invoice] = set()
    for fee in fees(services, cycles):
        for invoice in targets.of_cycle(fee.cycle):
            if _place(invoice, fee, chains, cause):
                changed.add(invoice)
    return changed


def fee_chains(organization_id: int, cycles: Collection[BillingCycle]) -> Chains:
    """Return the fees billed so far for these cycles of one organization."""
    return Chains.load("recurring", {organization_id}, {cycle.id for cycle in cycles})


def fees(services: Sequence[Service], cycles: Sequence[BillingCycle]) -> Iterator[Fee]:
    """Return the fees of `services` in `cycles`: one per service, cycle and version in force."""
    windows = load_windows({service.price_id for service in services})
    for service in services:
        for cycle in cycles:
            for version in windows.get(service.price_id, []):
                period = Period(cycle.starts_at, cycle.ends_at)
                window = period.clip(Period(version.start, version.end))
                if window is not None:
                    yield Fee(service, cycle, version, window)


def recurring_services(
    organization_id: int, period: Period, *, also: Collection[int | None] = ()
) -> Sequence[Service]:
    """Return the services with a recurring price attached at some time in `period`.

    `also` those of these ids: an end told late may lie before the period that was billed.
    """
    is_attached = and_(
        Service.attached_at < period.end,
        or_(Service.detached_at.is_(None), Service.detached_at >= period.start),
    )
    query = (
        select(Service)
        .join(Service.price)
        .where(
            Service.organization_id == organization_id,
            Price.kind == "recurring",
            or_(is_attached, Service.id.in_(also)),
        )
        .order_by(Service.id)
        .options(joinedload(Service.price), selectinload(Service.changes))
    )
    # The session may hold one as it was before the invoices were locked.
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _place(invoice: Invoice, fee: Fee, chains: Chains, cause: Cause) -> bool:
    """Make the invoice bill what is left of the fee; return whether that changed an item."""
    item = chains.on(fee.key, invoice)
    rated = fee.until(min(invoice.period_end, fee.cycle.ends_at))
    before = chains.settle(fee.key, invoice, rated.amount_cents)
    line = _line(invoice, fee, remainder(rated, before))
    if item is not None:
        if line is not None:
            return change_line(invoice, item, line, cause)
        chains.drop(item)
        drop_line(item, cause)
        return True
    if line is not None:
        chains.put(invoice, add_line(invoice, line, cause))
    return line is not None


def _line(invoice: Invoice, fee: Fee, rated: Rated) -> Line | None:
    is_own = invoice.cycle_id == fee.cycle.id
    own = Period(invoice.period_start, invoice.period_end) if is_own else fee.window
    held = fee.held(own)
    if not rated.amount_cents and not (held and is_own):
        return None
    return Line(
        kind="recurring",
        key=recurring_key(fee.cycle.id, fee.service.id, fee.version.version.id),
        cycle_id=fee.cycle.id,
        price_version_id=fee.version.version.id,
        service_id=fee.service.id,
        description=_description(fee, is_correction=not is_own),
        quantity=held[-1].quantity if held else Decimal(0),
        amount_cents=rated.amount_cents,
        period=_period(held, own.clip(fee.window) or fee.window),
        trace=rated.trace,
    )


def _period(held: Collection[Segment], otherwise: Period) -> Period:
    if not held:
        return otherwise
    ordered = list(held)
    return Period(ordered[0].start, ordered[-1].end)


def _description(fee: Fee, *, is_correction: bool) -> str:
    name, label = fee.version.price.name, fee.service.label
    what = f"{name} ({label})" if label and label != name else name
    return f"{what}, correction" if is_correction else what
