"""The lines of an invoice on three sides: the ledger, what was last agreed, and Stripe as read.

Stripe's side is the last reading that somebody asked for: no page reads Stripe by being opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select

from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.extensions import db
from dashboard.pricing.models import Price, PriceVersion
from dashboard.sync.added_lines import added_lines
from dashboard.sync.compare import Finding
from dashboard.sync.models import AddedLine
from dashboard.sync.readings import is_overtaken, three_sides

# What each state waits for. `sync`: the next one sends it. `verify`: one that reads Stripe's lines
# repairs it, for they are ours. `decision`: a person says what becomes of it.
REPAIRS = {
    "equal": None, "we_changed": "sync", "stripe_changed": "verify", "both_changed": "verify",
    "missing": "verify", "duplicate": "verify", "foreign": "decision",
}  # fmt: skip
SHOWS = ("all", "differs", "sync", "verify", "decision")


class Compared(NamedTuple):
    """One line on three sides; None where a side has no such line, or nobody read it."""

    state: str
    name: str
    ours: int | None
    agreed: int | None
    theirs: int | None
    item_id: int | None = None
    quantity: Decimal | None = None
    unit: str = ""
    # The line added at Stripe, once a sync has noted it.
    added: AddedLine | None = None

    @property
    def repair(self) -> str | None:
        """What makes the sides equal: a key of what the states wait for."""
        return REPAIRS[self.state]

    @property
    def difference(self) -> int:
        """Stripe's amount less the ledger's."""
        return (self.theirs or 0) - (self.ours or 0)


@dataclass(frozen=True, slots=True)
class ThreeWay:
    """The lines, what differs first. Without a reading there is no Stripe side.

    `is_agreed`: the totals were equal when a sync last ended, `agreed_at`; else it only sent.
    `overtaken_at`: when Stripe was read before that, which is compared with nothing.
    """

    lines: Sequence[Compared]
    agreed_at: datetime | None
    is_agreed: bool
    read_at: datetime | None
    read_by: str | None
    overtaken_at: datetime | None = None

    @property
    def is_read(self) -> bool:
        """Whether there is a reading of Stripe to compare with."""
        return self.read_at is not None

    def total(self, side: str) -> int:
        """Return what the lines of a side come to: `ours`, `agreed` or `theirs`."""
        return sum(getattr(line, side) or 0 for line in self.lines)

    def shown(self, show: str) -> list[Compared]:
        """Return the lines of a choice of `SHOWS`."""
        if show == "differs":
            return [line for line in self.lines if line.state != "equal"]
        return [line for line in self.lines if show in ("all", line.repair)]

    def waits_for(self, repair: str) -> int:
        """Return by how much Stripe's total differs that one kind of repair would end."""
        return sum(line.difference for line in self.lines if line.repair == repair)


def three_way(invoice: Invoice) -> ThreeWay:
    """Return the lines of an invoice on three sides; Stripe is not asked."""
    findings, reading = three_sides(invoice)
    items = _items(invoice.id)
    noted = {one.stripe_line_id: one for one in added_lines(invoice.id)}
    found = [_compared(one, items, noted) for one in findings]
    overtaken_at = None
    if reading is not None and is_overtaken(reading, invoice):
        overtaken_at, reading = reading.read_at, None
    if reading is None:
        found = [line._replace(theirs=None) for line in found]
        found += map(_as_noted, noted.values())
    found.sort(key=_what_differs_first)
    return ThreeWay(
        found,
        invoice.last_synced_at,
        _was_equal(invoice, noted.values()),
        reading.read_at if reading else None,
        reading.read_by if reading else None,
        overtaken_at,
    )


def _was_equal(invoice: Invoice, noted: Iterable[AddedLine]) -> bool:
    """Whether the totals were equal at the last sync; a line that was adopted is ours."""
    if any(line.decision != "adopt" for line in noted):
        return False
    return invoice.stripe_total_cents in (None, invoice.synced_total_cents)


def _what_differs_first(line: Compared) -> tuple[bool, int]:
    """Return where a line belongs; what is equal stays in the order of the bill."""
    is_equal = line.state == "equal"
    return is_equal, 0 if is_equal else -abs(line.difference)


def _as_noted(line: AddedLine) -> Compared:
    """Return a line added at Stripe as a sync noted it: nobody has read Stripe since."""
    return Compared("foreign", line.description, None, None, line.amount_cents, added=line)


class _Item(NamedTuple):
    id: int
    quantity: Decimal
    unit: str


def _items(invoice_id: int) -> dict[str, _Item]:
    query = (
        select(InvoiceItem.key, InvoiceItem.id, InvoiceItem.quantity, Price.unit_label)
        .outerjoin(PriceVersion, PriceVersion.id == InvoiceItem.price_version_id)
        .outerjoin(Price, Price.id == PriceVersion.price_id)
        .where(InvoiceItem.invoice_id == invoice_id)
    )
    return {
        key: _Item(item_id, quantity, unit or "")
        for key, item_id, quantity, unit in db.session.execute(query)
    }


def _compared(finding: Finding, items: dict[str, _Item], noted: dict[str, AddedLine]) -> Compared:
    shown = finding.ours or finding.theirs or finding.agreed
    item = items.get(finding.key or "")
    return Compared(
        finding.state,
        shown.description if shown else "",
        ours=None if finding.ours is None else finding.ours.amount_cents,
        agreed=None if finding.agreed is None else finding.agreed.amount_cents,
        theirs=None if finding.theirs is None else finding.theirs.amount_cents,
        item_id=item.id if item else None,
        quantity=item.quantity if item and item.unit else None,
        unit=item.unit if item else "",
        added=noted.get(finding.line_id or "") if finding.state == "foreign" else None,
    )
