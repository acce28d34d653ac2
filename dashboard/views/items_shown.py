"""The items of a bill as a page lists them: rows with their words, and where each leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from dashboard.billing.period import Period
from dashboard.pricing.series import largest
from dashboard.reading.groups import ALL, Group, Look, Part, Row, by_product, name_of, rows
from dashboard.reading.items import BilledItems
from dashboard.reading.line_syncs import LineSync
from dashboard.reading.rows import Item
from dashboard.views.item_look import query_of
from dashboard.views.item_words import each_of, note_of, percent, quantity_of

# So many rows are listed; who looks for another one narrows them, or has all of them as CSV.
MOST_LISTED = 500
# With so few nobody searches.
FEW = 8
FILL_OF_OTHERS = "fill-s6"


class Theirs(NamedTuple):
    """What Stripe has of a row: None for nothing yet."""

    cents: int | None
    state: str
    is_equal: bool


class ShownRow(NamedTuple):
    """A row; `toggle` is the address that opens or closes it, of a group that does."""

    name: str
    part: Part
    depth: int
    is_open: bool | None
    toggle: str
    note: str
    quantity: str
    each: str
    share: str
    # Of the largest, in per cent; None for a credit.
    bar: int | None
    # The class of its product's color; nothing for what has no product.
    fill: str
    theirs: Theirs | None

    @property
    def is_group(self) -> bool:
        """Whether it stands for several items."""
        return isinstance(self.part, Group)


@dataclass(frozen=True)
class Billing:
    """What the rows are told in: the bill's currency, its period, and its whole cycle."""

    currency: str
    period: Period
    cycle: Period


@dataclass(frozen=True)
class ShownItems:
    """All items, and how they are looked at on the page `address`."""

    found: BilledItems
    look: Look
    address: str
    billing: Billing
    lines: Mapping[int, LineSync]

    @property
    def items(self) -> Sequence[Item]:
        """Return those that are told, in the order of the bill."""
        return self.found.items if self.has_undone else self.found.told

    @cached_property
    def has_undone(self) -> bool:
        """Whether what was reversed is listed: where that is wanted, or Stripe has but one of two.

        A line that goes to Stripe with the next sync would be missing in Stripe's column.
        """
        undone = [self.lines[one.id] for one in self.found.items if one.key in self.found.undone
                  and one.id in self.lines]  # fmt: skip
        return self.look.with_undone or bool(sum(one.synced_cents or 0 for one in undone))

    @property
    def undone(self) -> int:
        """How many charges and credits were reversed on this bill, or reverse another."""
        return len(self.found.undone)

    @cached_property
    def wanted(self) -> Sequence[Item]:
        """Return the items that are looked for."""
        if not self.look.is_narrowed:
            return self.items
        text = self.look.text.casefold()
        return [
            item
            for item in self.items
            if (text in item.description.casefold() or text in (item.product or "").casefold())
            and not (self.look.only_differing and not self._differs(item))
        ]

    @cached_property
    def products(self) -> Sequence[Part]:
        """Return what was looked for, by product."""
        is_usual = not self.look.is_narrowed and not self.has_undone
        return self.found.products if is_usual else by_product(self.wanted)

    @cached_property
    def fills(self) -> Mapping[str, str]:
        """Return the class of each product's color; the chart above has the same."""
        cents: dict[str, int] = {}
        for item in sorted(self.items, key=lambda item: item.price_id or 0):
            if item.product is not None:
                cents[item.product] = cents.get(item.product, 0) + item.billed_cents
        colors = {name: f"fill-s{number}" for number, name in enumerate(largest(cents), start=1)}
        return {name: colors.get(name, FILL_OF_OTHERS) for name in cents}

    @cached_property
    def groups(self) -> int:
        """How many products there are."""
        return len(self.products)

    @cached_property
    def all_rows(self) -> Sequence[Row]:
        """Return every row that is open to be seen."""
        return list(rows(self.products, self.look))

    @cached_property
    def listed(self) -> Sequence[Row]:
        """Return those that a page has room for: so many products, and so many within them."""
        found, number = [], {True: 0, False: 0}
        for row in self.all_rows:
            number[row.depth > 0] += 1
            if number[row.depth > 0] <= MOST_LISTED:
                found.append(row)
        return found

    @property
    def left_out(self) -> int:
        """How many rows there is no room for."""
        return len(self.all_rows) - len(self.listed)

    @property
    def rows(self) -> Iterator[ShownRow]:
        """Yield the rows to list with their words."""
        charged = [part.billed_cents for part in self.products if part.billed_cents > 0]
        largest, charges = max(charged, default=0), sum(charged)
        opened = frozenset(row.part.key for row in self.all_rows if row.is_open)
        for row in self.listed:
            yield self._shown(row, largest, charges, opened)

    @property
    def opens(self) -> bool:
        """Whether any group opens."""
        return any(isinstance(part, Group) for part in self.products)

    @property
    def are_all_open(self) -> bool:
        """Whether no group is closed."""
        return all(row.is_open is not False for row in self.all_rows)

    @property
    def are_many(self) -> bool:
        """Whether somebody may want to search them."""
        return len(self.items) > FEW or self.look.is_narrowed

    @property
    def wanted_cents(self) -> int:
        """What the items that are looked for come to."""
        return sum(item.billed_cents for item in self.wanted)

    def to(self, **changes: Any) -> str:
        """Return the address that looks at them otherwise."""
        return self.address + query_of(self.look._replace(**changes))

    @property
    def to_all(self) -> str:
        """Return the address that opens every group, or closes them."""
        return self.to(opened=frozenset() if self.are_all_open else frozenset({ALL}))

    def _shown(self, row: Row, largest: int, charges: int, opened: frozenset[str]) -> ShownRow:
        part, billing = row.part, self.billing
        cents = part.billed_cents
        has_toggle = isinstance(part, Group) and not self.look.is_narrowed
        return ShownRow(
            name=name_of(part),
            part=part,
            depth=row.depth,
            is_open=row.is_open,
            toggle=self.to(opened=opened ^ {part.key}) if has_toggle else "",
            note=note_of(part, billing.period),
            quantity=quantity_of(part),
            each=each_of(part, billing.currency, billing.cycle),
            share=percent(cents, charges),
            bar=100 * cents // largest if cents > 0 and largest else None,
            fill=self.fills.get(_product(part) or "", ""),
            theirs=self._theirs(part) if self.lines else None,
        )

    def _theirs(self, part: Part) -> Theirs:
        items = part.items if isinstance(part, Group) else (part,)
        lines = [self.lines[item.id] for item in items]
        states = {line.state for line in lines}
        known = [line.synced_cents for line in lines if line.synced_cents is not None]
        cents = sum(known) if known else None
        order = ("pending", "with_subscription", "waits", "carried", "in_sync")
        state = next(one for one in order if one in states)
        return Theirs(cents, state, cents in (None, part.billed_cents))

    def _differs(self, item: Item) -> bool:
        line = self.lines.get(item.id)
        return line is not None and line.state != "in_sync"


def _product(part: Part) -> str | None:
    return part.items[0].product if isinstance(part, Group) else part.product
