"""The current invoice day by day: what each day cost, how that adds up, and what is to come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import accumulate

from dashboard.pricing.by_day import share
from dashboard.reading.rows import CurrentInvoice
from dashboard.reading.spend.amounts import DAY, CycleSpend, days_of, spend_of_cycle
from dashboard.reading.spend.groups import Group, fold, group_sources
from dashboard.reading.spend.model import Proof, Prospect, Running, Spend
from dashboard.reading.spend.rows import Billed, SpendRows
from dashboard.reading.undone import undone_keys

SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Days:
    """The days of an invoice: where they begin among its cycle's, and which of them holds now."""

    dates: list[date]
    offset: int
    today: int
    elapsed: float

    @classmethod
    def of(cls, invoice: CurrentInvoice, cycle: CycleSpend, now: datetime) -> Days:
        """Return them; once the period is over, all of its last day has passed."""
        dates = days_of(invoice.period_start, invoice.period_end)
        passed = (now - _midnight(dates[0])).total_seconds() / SECONDS
        today = min(max(int(passed), 0), len(dates) - 1)
        offset = (dates[0] - cycle.days[0]).days
        return cls(dates, offset, today, min(max(passed - today, 0.0), 1.0))

    def of_cycle(self, cents: Iterable[int]) -> list[int]:
        """Return what of a cycle's days is on these."""
        return [*cents][self.offset : self.offset + len(self.dates)]

    def summed(self, sources: Iterable[Sequence[int]]) -> list[int]:
        """Return what several sources came to on these days."""
        nothing = [0] * len(self.dates)
        return [sum(of_day) for of_day in zip(nothing, *map(self.of_cycle, sources), strict=True)]


def spend_of_invoice(
    invoice: CurrentInvoice, rows: SpendRows, ahead: Prospect, *, by_service: bool, now: datetime
) -> Spend:
    """Return the days of the current invoice; `rows` reach back to the cycle before its own."""
    spends = {one.id: spend_of_cycle(one, rows, invoice.currency) for one in rows.cycles}
    own, last = spends.pop(invoice.cycle_id), next(iter(spends.items()), None)
    days = Days.of(invoice, own, now)
    items = _told([item for item in rows.items if item.invoice_id == invoice.id])
    used, fees = days.summed(own.usage.values()), days.summed(own.fees.values())
    to_come = [cents if day > days.today else 0 for day, cents in enumerate(fees)]
    proof = _proof(invoice, items, sum(used) + sum(fees) - sum(to_come), sum(to_come))
    groups = _groups(own, days, rows, by_service=by_service)
    more = _more_usage(invoice, days, ahead, proof.owed, now)
    return Spend(
        currency=invoice.currency,
        starts=days.dates,
        groups=groups,
        series=fold(groups, _weights(groups, items, rows, by_service=by_service)),
        expected=[fee + usage for fee, usage in zip(to_come, more, strict=True)],
        last=_last_by_day(days, last[1] if last else None),
        today=days.today,
        elapsed=days.elapsed,
        running=Running(
            _running(days, used, _one_off(invoice, items, days), proof.owed),
            _running_of_last(days, *last, rows) if last else [],
        ),
        proof=proof,
        ahead=ahead,
        is_part=days.offset > 0,
    )


def _told(items: Sequence[Billed]) -> list[Billed]:
    """Return the items without what was reversed: the bill does not list it either."""
    undone = undone_keys((one for one in items if one.key), lambda one: one.cents)
    return [one for one in items if one.key not in undone]


def _groups(own: CycleSpend, days: Days, rows: SpendRows, *, by_service: bool) -> list[Group]:
    """Return what each group cost; fees of days that are still to come are expected, not spent."""
    found = []
    for name, sources in group_sources(own.sources, rows, by_service=by_service):
        used = days.summed(own.usage[one] for one in sources if one in own.usage)
        fees = days.summed(own.fees[one] for one in sources if one in own.fees)
        fees[days.today + 1 :] = [0] * (len(fees) - days.today - 1)
        found.append(Group(name, [a + b for a, b in zip(used, fees, strict=True)]))
    return found


def _weights(
    groups: Sequence[Group], items: Sequence[Billed], rows: SpendRows, *, by_service: bool
) -> list[int]:
    """Return what decides who has a color: of products what is billed, as in the list of items."""
    if by_service:
        return [sum(group.cents) for group in groups]
    billed: Counter[str] = Counter()
    for item in items:
        if item.price_id is not None:
            billed[rows.prices[item.price_id].product] += item.cents
    return [billed[group.name] for group in groups]


def _proof(
    invoice: CurrentInvoice, items: Sequence[Billed], in_days: int, fees_to_come: int
) -> Proof:
    one_off = [item.cents for item in items if item.kind == "adjustment"]
    others = [
        item.cents for item in items if item.kind != "adjustment" and not _is_in_days(item, invoice)
    ]
    owed = sum(item.cents for item in items)
    charges, credits = (sum(c for c in one_off if (c > 0) is side) for side in (True, False))
    known = in_days + fees_to_come + charges + sum(others) + credits
    return Proof(in_days, fees_to_come, charges, sum(others), credits, owed - known, owed)


def _is_in_days(item: Billed, invoice: CurrentInvoice) -> bool:
    """Whether an item bills usage or fees of the invoice's own cycle."""
    return item.kind in ("metered", "recurring") and item.cycle_id == invoice.cycle_id


def _one_off(invoice: CurrentInvoice, items: Iterable[Billed], days: Days) -> list[int]:
    """Return what came onto the bill otherwise, on the day that it did."""
    found = [0] * len(days.dates)
    for item in items:
        if not _is_in_days(item, invoice):
            day = (item.added_on - days.dates[0]).days
            found[min(max(day, 0), days.today)] += item.cents
    return found


def _running(days: Days, used: list[int], one_off: list[int], owed: int) -> list[int]:
    """Return the total at the start, with all fees of the cycle, and after each day up to now.

    It ends at what is owed. What clocks ahead of ours recorded for tomorrow is part of today.
    """
    moved = [a + b for a, b in zip(used, one_off, strict=True)]
    moved[days.today :] = [sum(moved[days.today :])]
    return list(accumulate(moved, initial=owed - sum(moved)))


def _last_by_day(days: Days, last: CycleSpend | None) -> list[int | None]:
    nothing: list[int | None] = [None] * len(days.dates)
    if last is None or not last.sources:
        return nothing
    sums = [sum(of_day) for of_day in zip(*map(last.of, last.sources), strict=True)]
    # By day of the cycle; where the last one was shorter there is none.
    return [*days.of_cycle(sums), *nothing][: len(nothing)]


def _running_of_last(days: Days, cycle_id: int, last: CycleSpend, rows: SpendRows) -> list[int]:
    """Return the running total of the last cycle on the same days of it, up to its whole total.

    What the further days of a longer cycle brought is part of the last day there is here.
    """
    moved = [0] * len(last.days)
    for used in last.usage.values():
        moved = [a + b for a, b in zip(moved, used, strict=True)]
    for item in rows.items:
        if item.kind == "adjustment" and item.cycle_id == cycle_id:
            day = (item.added_on - last.days[0]).days
            moved[min(max(day, 0), len(moved) - 1)] += item.cents
    if not (last.sources or any(moved)):
        return []
    totals = list(accumulate(moved, initial=sum(map(sum, last.fees.values()))))
    shown, whole = totals[days.offset :], len(days.dates)
    return shown if len(shown) <= whole else [*shown[:whole], totals[-1]]


def _more_usage(
    invoice: CurrentInvoice, days: Days, ahead: Prospect, owed: int, now: datetime
) -> list[int]:
    """Return what further usage is expected to cost on each day, none where it is too early.

    Evenly over the time that is left. It shows bars, so what is expected to sink is not shown.
    """
    nothing = [0] * len(days.dates)
    if ahead.likely is None or ahead.likely <= owed:
        return nothing
    left = [
        max(min(_midnight(day + DAY), invoice.period_end) - max(_midnight(day), now), DAY * 0)
        for day in days.dates
    ]
    seconds = [int(one.total_seconds()) for one in left]
    return share(ahead.likely - owed, seconds, invoice.currency) if any(seconds) else nothing


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
