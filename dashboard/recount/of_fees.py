"""Fees worked out anew from what was attached when, and by which price versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from dashboard.billing.period import Period
from dashboard.pricing.rating import CannotRate, rate_recurring, whole_cycle
from dashboard.recount.chains import Asked, Chain, is_settled
from dashboard.recount.difference import Difference
from dashboard.recount.facts import Bill, Cycle, Facts, Item, Price, Service, Version
from dashboard.recount.usage import UNSURE
from dashboard.services.segments import segments

Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Fee:
    price: Price
    cycle: Cycle
    version: Version
    service: Service
    detached_at: datetime | None

    def until(self, end: datetime) -> int:
        """Return what was attached before `end` costs; raise CannotRate."""
        window = Period(self.version.start, self.version.end).clip(self.cycle.period)
        shared = window.clip(Period(self.cycle.starts_at, end)) if window else None
        if shared is None:
            return 0
        held = segments(self.service.changes, self.detached_at, shared.start, shared.end)
        cycle = self.cycle
        seconds = cycle.whole_seconds or cycle.period.seconds
        whole = whole_cycle(cycle.interval, seconds, self.price, is_held=bool(held))
        return rate_recurring(self.version.terms, held, whole, whole.times).amount_cents


def fee_differences(facts: Facts) -> Iterator[Difference]:
    """Yield where fees are not billed as the services say."""
    items: dict[Key, list[Item]] = defaultdict(list)
    for item in facts.items:
        if item.kind == "recurring" and item.version_id and item.service_id:
            items[item.cycle_id, item.version_id, item.service_id].append(item)
    for cycle_id, version_id, service_id in sorted({*items, *_held(facts)}):
        version, service = facts.versions[version_id], facts.services[service_id]
        price = facts.prices[version.price_id]
        fee = _Fee(price, facts.cycles[cycle_id], version, service, service.detached_at)
        chain = Chain(facts, items.get((cycle_id, version_id, service_id), ()))
        try:
            yield from _differences(facts, fee, chain)
        except CannotRate:
            # It is on no line, and a person knows: its cycle cannot open.
            continue


def _held(facts: Facts) -> Iterator[Key]:
    for service in facts.services.values():
        price = facts.prices[service.price_id]
        for cycle in facts.cycles.values() if price.meter is None else ():
            ended = service.detached_at
            if service.attached_at < cycle.ends_at and (ended is None or ended > cycle.starts_at):
                for version in price.versions:
                    if version.start < cycle.ends_at and version.end > cycle.starts_at:
                        yield cycle.id, version.id, service.id


def _differences(facts: Facts, fee: _Fee, chain: Chain) -> Iterator[Difference]:
    owed = fee.until(fee.cycle.ends_at)
    price = facts.prices[fee.service.price_id]
    subject = f"{price.name} ({fee.service.label}) of the cycle from {fee.cycle.starts_at:%Y-%m-%d}"
    wrong = next((one for one in _asked(facts, fee, chain) if one is not None), None)
    if wrong is not None:
        said, found, sequence = wrong.expected, wrong.found, wrong.bill.sequence
        subject = f"{wrong.bill.called}, {subject}"
    elif is_settled(owed, chain.links, facts.currency):
        return
    else:
        said, found, sequence = owed, sum(link.billed_cents for link in chain.links), None
    sides = (Decimal(said), Decimal(found))
    why = _why(fee, is_missing=wrong is not None and wrong.item is None)
    yield Difference(facts.slug, sequence, subject, facts.currency, *sides, why)


def _asked(facts: Facts, fee: _Fee, chain: Chain) -> Iterator[Asked | None]:
    """Yield what an invoice asks that it should not, in their order."""
    own = [bill for bill in facts.ordered_bills if bill.cycle_id == fee.cycle.id]
    for bill in sorted({*own, *chain.bills}, key=lambda one: one.sequence):
        end = min(bill.period_end, fee.cycle.ends_at)
        asked = chain.asked(bill, fee.until(end))
        if asked.is_right:
            continue
        if bill.is_changeable or not _could_be_known(fee, chain, bill):
            yield asked


def _could_be_known(fee: _Fee, chain: Chain, bill: Bill) -> bool:
    """Whether a sealed invoice may have asked what it did, by what was told when it was sealed."""
    at = bill.sealed_at
    if at is None or not chain.is_plain(bill):
        return True
    told = [fee.version.created_at, fee.service.created_at]
    if max([*told, *(one.created_at for one in fee.service.changes)]) > at - UNSURE:
        return True
    # When an end was told is not kept with it, nor the ends that were told before.
    return fee.detached_at is not None and fee.detached_at <= bill.period_end


def _why(fee: _Fee, *, is_missing: bool) -> str:
    service = fee.service
    ended = service.detached_at
    until = f" to {ended:%Y-%m-%d %H:%M:%S}" if ended else ""
    changes = [one for one in service.changes if one.effective_at < fee.cycle.ends_at]
    quantity = f", {changes[-1].quantity.normalize():f} of it since " if changes else ""
    since = f"{changes[-1].effective_at:%Y-%m-%d %H:%M:%S}" if changes else ""
    told = (
        f"It was attached from {service.attached_at:%Y-%m-%d %H:%M:%S}{until} UTC{quantity}{since},"
        f" at the version from {fee.version.start:%Y-%m-%d}."
    )
    return f"It has no item for it. {told}" if is_missing else told
