"""A bill before and after: at the end of its cycle, and of a whole cycle like that.

The same rules rate it that rate the bill, and what is not asked about stands as the forecast has
it; so with nothing asked the total is the forecast's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.billing.forecast import Basis, basis_of, extrapolate
from dashboard.billing.models import Invoice
from dashboard.billing.outlook import outlook
from dashboard.billing.period import Period
from dashboard.pricing.models import Price
from dashboard.pricing.versions import VersionWindow, load_windows
from dashboard.what_if.fees import Fees
from dashboard.what_if.usage import Outset, new_usage_line, usage_line
from dashboard.what_if.wanted import Line, Wanted


@dataclass(frozen=True, slots=True)
class Answer:
    """The lines, those that change first, and the sums.

    `others_cents` is what no line is about: charges and credits, late usage, and what is likely of
    usage that the last cycle had and this one does not have yet.
    """

    lines: Sequence[Line]
    others_cents: int

    @property
    def before(self) -> int:
        """What the cycle will likely come to as it is."""
        return self.others_cents + sum(line.before for line in self.lines)

    @property
    def after(self) -> int:
        """What it would come to."""
        return self.others_cents + sum(line.after for line in self.lines)

    @property
    def full_before(self) -> int:
        """What a whole cycle costs with what there is at the end of this one."""
        return sum(line.full_before for line in self.lines)

    @property
    def full_after(self) -> int:
        """What a whole cycle would cost."""
        return sum(line.full_after for line in self.lines)

    @property
    def is_changed(self) -> bool:
        """Whether anything was asked that changes the bill."""
        return any(line.is_changed for line in self.lines)


class Bill:
    """A draft with all that is needed to rate it with something else; nothing of it is changed."""

    def __init__(self, invoice: Invoice, *, now: datetime) -> None:
        self.invoice, self.now = invoice, now
        self.fees = Fees.load(invoice)
        self.basis: Basis = basis_of(invoice, now=now)
        cycle = Period(invoice.cycle.starts_at, invoice.cycle.ends_at)
        self.outset = Outset(self.basis.seen, self.basis.so_far, cycle, self.basis.last.habits)
        windows = load_windows({count.price_id for count in self.basis.counts})
        self.prices: dict[int, Price] = {one: found[0].price for one, found in windows.items()}

    def answer(self, wanted: Wanted, added: Sequence[VersionWindow] = ()) -> Answer:
        """Return the bill before and after; `added` are the versions of a price that is new to it.

        Raises AmountTooLarge.
        """
        lines = self.fees.lines(wanted, added)
        fees = sum(line.before for line in lines)
        lines += [
            usage_line(count, self.prices[count.price_id], self.outset, wanted)
            for count in self.basis.counts
        ]
        lines += [
            new_usage_line(window, units, self.outset, wanted.since)
            for window in added[-1:]
            if window.price.kind == "metered"
            and (units := wanted.units.get(window.version.price_id))
        ]
        lines.sort(key=lambda line: (not line.is_changed, -line.after, line.name))
        known = self.invoice.total_cents - self.basis.so_far.cents - fees
        return Answer(lines, known + self._unseen())

    @property
    def is_too_early(self) -> bool:
        """Whether so little of the cycle was seen that the usage in it says little."""
        return extrapolate(self.invoice, *self.basis).is_too_early

    def _unseen(self) -> int:
        """Return what is likely of usage that is not on the bill yet."""
        used = {count.price_id for count in self.basis.counts}
        habits = {one: habit for one, habit in self.outset.habits.items() if one not in used}
        return outlook((), self.basis.so_far, self.basis.seen, habits).likely
