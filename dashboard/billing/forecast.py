"""What the current invoice will come to: fees are known, usage goes on as it went so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from sqlalchemy import func, select

from dashboard.billing.chain import ChainKey, Chains
from dashboard.billing.metered import counted_together
from dashboard.billing.models import Invoice
from dashboard.billing.period import Period
from dashboard.extensions import db
from dashboard.pricing.exact import EXACT, total
from dashboard.pricing.rating import AmountTooLarge, cents_of_cycle
from dashboard.pricing.terms import Terms
from dashboard.services.models import Service

# With less of the cycle seen than this the pace says little.
ROUGH_SECONDS = 86_400
_PLACES = 12


@dataclass(frozen=True, slots=True)
class Forecast:
    """The expected total in minor units, and the part of it that is owed already.

    `usage_cents` is how much of the difference comes from further usage. `is_rough` early in the
    cycle.
    """

    cents: int
    so_far_cents: int
    is_rough: bool

    @property
    def usage_cents(self) -> int:
        """What is expected on top of what is owed already."""
        return self.cents - self.so_far_cents


class Billed(Protocol):
    """What is asked of an invoice."""

    @property
    def status(self) -> str:
        """Only a draft moves."""

    @property
    def period_end(self) -> datetime:
        """When it ends."""

    @property
    def total_cents(self) -> int:
        """What is owed already."""


class Share(NamedTuple):
    """One version's part of what is counted together, and when in the cycle it is in force."""

    key: ChainKey
    window: Period
    terms: Terms


@dataclass(frozen=True, slots=True)
class SoFar:
    """A cycle's usage up to now.

    `units` by what they are billed as, on all of its invoices; `cents` is what the items of the
    draft bill of it, and `before` what invoices before it did with a cost.
    """

    units: Mapping[ChainKey, Decimal]
    cents: int
    before: Callable[[ChainKey, int], int]


class Seen(NamedTuple):
    """Usage was seen from `began` to `now`."""

    began: datetime
    now: datetime


def forecast(invoice: Invoice, *, now: datetime) -> Forecast:
    """Return what the invoice will come to at the end of its period; three queries at most."""
    if not is_moving(invoice, now):
        return settled(invoice)
    chains = Chains.load("metered", {invoice.organization_id}, {invoice.cycle_id})
    shares = [
        [Share(usage.key, usage.window, usage.version.terms) for usage in usages]
        for usages in counted_together(invoice.cycle, chains.items())
    ]
    seen = Seen(_began(invoice), now)
    return extrapolate(invoice, seen, shares, so_far_of(invoice, chains))


def is_moving(invoice: Billed, now: datetime) -> bool:
    """Whether the invoice may still come to something else by itself."""
    return invoice.status == "draft" and now < invoice.period_end


def settled(invoice: Billed) -> Forecast:
    """Return the forecast of an invoice that comes to what it is."""
    return Forecast(invoice.total_cents, invoice.total_cents, is_rough=False)


def extrapolate(
    invoice: Billed, seen: Seen, counts: Sequence[Sequence[Share]], so_far: SoFar
) -> Forecast:
    """Return what a draft comes to if usage goes on at its pace.

    Recurring fees and adjustments stand; the usage of its own cycle is extrapolated and rated with
    its tiers and allowance. `counts` are the versions of each price, the earliest first.
    """
    try:
        more = sum(_at_the_end(shares, so_far, seen, invoice.period_end) for shares in counts)
    except AmountTooLarge:
        # The pace of the first seconds, or of what nobody uses that much of: no line could hold
        # it. What is owed stands, and is nothing to fail for.
        return Forecast(invoice.total_cents, invoice.total_cents, is_rough=True)
    # The items that count already are part of what is expected.
    cents = invoice.total_cents + more - so_far.cents
    is_rough = (seen.now - seen.began).total_seconds() < ROUGH_SECONDS
    return Forecast(cents, invoice.total_cents, is_rough=is_rough)


def so_far_of(invoice: Invoice, chains: Chains) -> SoFar:
    """Return the usage in `chains`, which hold the metered items of the invoice's cycle."""
    units: dict[ChainKey, Decimal] = {}
    for item in chains.items():
        key = ChainKey(item.cycle_id, item.price_version_id, item.service_id)
        units[key] = EXACT.add(units.get(key, Decimal(0)), item.quantity)
    return SoFar(
        units,
        sum(item.amount_cents for item in chains.items() if item.invoice_id == invoice.id),
        lambda key, cents: chains.before(key, invoice, cents).cents,
    )


def began_at(starts_at: datetime, created_at: datetime, attached_at: datetime | None) -> datetime:
    """Return since when usage could be seen in an organization's first cycle: since it was opened.

    A service attached for a time before that brings the usage of that time along.
    """
    return max(starts_at, min(created_at, attached_at or created_at))


def _began(invoice: Invoice) -> datetime:
    start = invoice.cycle.starts_at
    if invoice.sequence != 1:
        return start
    of_organization = Service.organization_id == invoice.organization_id
    attached = db.session.scalar(select(func.min(Service.attached_at)).where(of_organization))
    return began_at(start, invoice.created_at, attached)


def _at_the_end(shares: Sequence[Share], so_far: SoFar, seen: Seen, ends: datetime) -> int:
    """Return what the invoice will bill of one price, under all its versions together."""
    units = [so_far.units.get(share.key, Decimal(0)) for share in shares]
    expected = _expected(shares, units, seen, ends)
    owed = cents_of_cycle(
        [(share.terms, count) for share, count in zip(shares, expected, strict=True)]
    )
    before = [so_far.before(share.key, cents) for share, cents in zip(shares, owed, strict=True)]
    return sum(owed) - sum(before)


def _expected(
    shares: Sequence[Share], units: Sequence[Decimal], seen: Seen, ends: datetime
) -> list[Decimal]:
    """Return each version's units at the end if all go on at the pace of the time seen.

    The pace is the price's: a version that takes effect later gets what is used from then on.
    """
    past = Period(max(shares[0].window.start, seen.began), seen.now).seconds
    if past <= 0:
        return list(units)
    used = total(units)
    return [
        EXACT.add(count, _pro_rata(used, _rest(share.window, seen.now, ends), past))
        for count, share in zip(units, shares, strict=True)
    ]


def _rest(window: Period, now: datetime, ends: datetime) -> int:
    """Return the seconds of `window` that are still to come."""
    return max(Period(max(now, window.start), min(window.end, ends)).seconds, 0)


def _pro_rata(units: Decimal, seconds: int, past: int) -> Decimal:
    """Return what is used in `seconds` if `units` were in `past`; places beyond twelve are cut."""
    whole, part = units.as_integer_ratio()
    scaled = abs(whole) * seconds * 10**_PLACES // (part * past)
    return EXACT.scaleb(Decimal(-scaled if whole < 0 else scaled), -_PLACES)
