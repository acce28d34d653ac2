"""Fees with more or fewer of a price from an instant on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from dashboard.billing.models import BillingCycle, Invoice
from dashboard.billing.period import Period
from dashboard.billing.recurring import recurring_services
from dashboard.pricing.exact import EXACT, total
from dashboard.pricing.rating import Segment, rate_recurring
from dashboard.pricing.terms import Terms
from dashboard.pricing.versions import VersionWindow, load_windows
from dashboard.services.models import Service
from dashboard.services.segments import Change, segments
from dashboard.what_if.wanted import Line, Wanted

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Held:
    """A quantity from an instant on, as a change of a service is."""

    effective_at: datetime
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Attached:
    """What is rated of a service: its changes of quantity and its end."""

    changes: Sequence[Change]
    detached_at: datetime | None = None

    def at(self, instant: datetime) -> Decimal:
        """Return the quantity at an instant; zero once it is detached."""
        if self.detached_at is not None and self.detached_at <= instant:
            return Decimal(0)
        held = [one for one in self.changes if one.effective_at <= instant]
        return max(held, key=lambda one: one.effective_at).quantity if held else Decimal(0)


@dataclass(frozen=True, slots=True)
class Fees:
    """The fees of an invoice's own cycle: services and billed cents by price, and the versions."""

    cycle: BillingCycle
    end: datetime
    services: Mapping[int, Sequence[Service]]
    windows: Mapping[int, Sequence[VersionWindow]]
    billed: Mapping[int, int]

    @classmethod
    def load(cls, invoice: Invoice) -> Fees:
        """Read them: three statements, and one for the items."""
        cycle = invoice.cycle
        services: dict[int, list[Service]] = defaultdict(list)
        for service in recurring_services(invoice.organization_id, cycle.period):
            services[service.price_id].append(service)
        end = min(invoice.period_end, cycle.ends_at)
        return cls(cycle, end, services, load_windows(services), _billed(invoice))

    def lines(self, wanted: Wanted, added: Sequence[VersionWindow] = ()) -> list[Line]:
        """Return every fee before and after; `added` are the versions of a price that is new.

        What is added is a service of its own, as another server is; what is taken away is taken
        from the services that were attached last.
        """
        every = {**self.windows, **({added[0].version.price_id: added} if added else {})}
        return [
            self._line(price_id, windows, wanted)
            for price_id, windows in every.items()
            if windows[0].price.kind == "recurring"
        ]

    def _line(self, price_id: int, windows: Sequence[VersionWindow], wanted: Wanted) -> Line:
        rates = _Rates(windows, self)
        services = self.services.get(price_id, ())
        before = [Attached(one.changes, one.detached_at) for one in services]
        after = with_more(before, wanted.more.get(price_id, 0), wanted.since)
        billed = self.billed.get(price_id, 0)
        return _line(price_id, rates, (before, after), billed)


def with_more(attached: Sequence[Attached], more: int, since: datetime) -> list[Attached]:
    """Return the services with `more` units from `since` on; below zero the newest lose theirs."""
    if more > 0:
        return [*attached, Attached([Held(since, Decimal(more))])]
    left, kept = Decimal(-more), list[Attached]()
    latest = sorted(
        attached, key=lambda one: min(c.effective_at for c in one.changes), reverse=True
    )
    for one in latest:
        has = one.at(since)
        off = min(has, left)
        left -= off
        kept.append(_reduced(one, EXACT.subtract(has, off), since) if off else one)
    return kept


def _reduced(one: Attached, quantity: Decimal, since: datetime) -> Attached:
    """Return the service with that quantity from `since` on, whatever was planned for later."""
    earlier = [change for change in one.changes if change.effective_at < since]
    return Attached([*earlier, Held(since, quantity)], one.detached_at)


class _Rates:
    """A price over a cycle: what services cost up to the end of the invoice, and in a whole one."""

    def __init__(self, windows: Sequence[VersionWindow], fees: Fees) -> None:
        cycle = fees.cycle
        self.windows, self.cycle, self.end = windows, cycle, fees.end
        self.last = [one for one in windows if one.start < self.end][-1:] or [windows[0]]

    def until_the_end(self, attached: Collection[Attached]) -> int:
        """Return what they cost in the cycle up to the end, each a line of its own."""
        return sum(self._cents(one, window) for one in attached for window in self.windows)

    def whole(self, attached: Collection[Attached]) -> int:
        """Return what a whole cycle costs with what is attached at the end."""
        seconds = self.cycle.whole(self.windows[0].price, is_held=False).seconds
        start, whole = self.cycle.starts_at, timedelta(seconds=seconds)
        terms = self.last[0].terms
        return sum(
            self._rate(terms, [Segment(start, start + whole, one)]) for one in self.held(attached)
        )

    def held(self, attached: Collection[Attached]) -> list[Decimal]:
        """Return the quantities at the end."""
        last = self.end - SECOND
        return [count for one in attached if (count := one.at(last))]

    def _cents(self, one: Attached, window: VersionWindow) -> int:
        shared = Period(self.cycle.starts_at, self.end).clip(Period(window.start, window.end))
        if shared is None:
            return 0
        parts = segments(one.changes, one.detached_at, shared.start, shared.end)
        return self._rate(window.terms, parts)

    def _rate(self, terms: Terms, parts: Sequence[Segment]) -> int:
        whole = self.cycle.whole(self.windows[0].price, is_held=bool(parts))
        return rate_recurring(terms, parts, whole, whole.times).amount_cents


def _line(
    price_id: int, rates: _Rates, sides: tuple[Sequence[Attached], Sequence[Attached]], billed: int
) -> Line:
    before, after = sides
    price = rates.windows[0].price
    # What the bill says, and on top of it what the services would cost beyond what these do.
    changed = rates.until_the_end(after) - rates.until_the_end(before) if after != before else 0
    return Line(
        price_id=price_id,
        name=price.name,
        unit_label=price.unit_label,
        is_usage=False,
        quantity_before=total(rates.held(before)),
        quantity_after=total(rates.held(after)),
        before=billed,
        after=billed + changed,
        full_before=rates.whole(before),
        full_after=rates.whole(after),
    )


def _billed(invoice: Invoice) -> Mapping[int, int]:
    """Return what the invoice bills of its own cycle's fees, by price."""
    found: dict[int, int] = defaultdict(int)
    for item in invoice.items:
        version = item.price_version
        if item.kind == "recurring" and item.cycle_id == invoice.cycle_id and version is not None:
            found[version.price_id] += item.billed_cents
    return found
