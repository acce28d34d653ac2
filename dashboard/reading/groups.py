"""The items of a bill as people look through them: by product, by kind, one by one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import NamedTuple, TypeAlias

from dashboard.pricing.exact import total
from dashboard.reading.rows import Item

# What items without a price of their own are listed under.
WITHOUT_PRICE = {
    "adjustment": "Charges and credits",
    "carry_over": "Carried over",
    "rebilled": "From void invoices",
    "taken_back": "Credits taken back",
}
# So many of them are no group.
FEW = 5
COUNTED = ("recurring", "metered")
CORRECTION = ", correction"


class Look(NamedTuple):
    """How somebody looks at the items: which groups are open, and which items are wanted.

    `opened` holds keys of groups, or ALL. `text` is looked for in names. `with_undone`: also what
    was reversed, and its reversal.
    """

    opened: frozenset[str] = frozenset()
    by_name: bool = False
    text: str = ""
    only_differing: bool = False
    with_undone: bool = False

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves items out."""
        return bool(self.text) or self.only_differing

    def shows(self, key: str) -> bool:
        """Whether the group is open; what was looked for is not hidden in a closed one."""
        return self.is_narrowed or key in self.opened or ALL in self.opened


ALL = "all"


@dataclass(frozen=True, slots=True)
class Group:
    """Several items that are added up: of one product, or of one kind in it.

    `key` names it in addresses, and as its part of a page.
    """

    key: str
    name: str
    items: Sequence[Item]
    kinds: Sequence[Sequence[Item]]

    @property
    def billed_cents(self) -> int:
        """What the invoice bills of all of them."""
        return sum(item.billed_cents for item in self.items)

    @property
    def credited_cents(self) -> int:
        """What credit notes took off them since."""
        return sum(item.credited_cents for item in self.items)

    @property
    def quantity(self) -> Decimal | None:
        """How many units they are together; None where these are not of one sort."""
        first = self.items[0]
        is_one_sort = all(
            item.unit_label == first.unit_label and item.kind in COUNTED for item in self.items
        )
        return total(item.quantity for item in self.items) if is_one_sort else None


Part: TypeAlias = Group | Item


class Row(NamedTuple):
    """A group or an item at its depth; `is_open` is None where nothing opens."""

    depth: int
    part: Part
    is_open: bool | None = None


def product_of_item(item: Item) -> str:
    """Return what an item is listed under."""
    return item.product or WITHOUT_PRICE.get(item.kind, item.description)


def by_product(items: Iterable[Item]) -> list[Part]:
    """Return the products of these items, as they come; one item of a product stands alone.

    So do a few charges and credits: who got one looks for it, and not for a group that holds it.
    """
    found: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        found[product_of_item(item)].append(item)
    parts: list[Part] = []
    for key, (name, members) in zip(_keys(found), found.items(), strict=True):
        if len(members) <= (1 if members[0].product else FEW):
            parts += members
        else:
            parts.append(Group(key, name, members, list(_kinds(members).values())))
    return parts


def rows(parts: Iterable[Part], look: Look) -> Iterator[Row]:
    """Yield the products and what is open of them, from the top of the page to its end."""
    return _rows(parts, look, 0)


def parts_of(group: Group) -> list[Part]:
    """Return what a product consists of: several items of one kind are a group again.

    Those of a product that has but one kind stand in it directly.
    """
    if len(group.kinds) == 1:
        return list(group.items)
    names = [kind[0].price_name or kind[0].description for kind in group.kinds]
    return [
        kind[0] if len(kind) == 1 else Group(f"{group.key}/{key}", name, kind, [kind])
        for key, name, kind in zip(_keys(names), names, group.kinds, strict=True)
    ]


def in_order(parts: Iterable[Part], *, by_name: bool) -> list[Part]:
    """Return them largest first, or by name; numbers within names count as numbers."""
    sort: Callable[[Part], object] = partial(_place, by_name=by_name)
    return sorted(parts, key=sort)  # type: ignore[arg-type]  # all places are of one form


def name_of(part: Part) -> str:
    """Return what a group or an item is called."""
    return part.name if isinstance(part, Group) else part.description


def label_of(item: Item) -> str:
    """Return the label of the service that a fee is for; nothing where it has none."""
    name, said = item.price_name, item.description
    is_labelled = name is not None and said.startswith(f"{name} (") and said.endswith(")")
    return said[len(name) + 2 : -1] if name is not None and is_labelled else ""


def natural(text: str) -> list[str | int]:
    """Return what puts db-2 before db-10."""
    parts = re.split(r"(\d+)", text.casefold())
    return [int(part) if number % 2 else part for number, part in enumerate(parts)]


def _rows(parts: Iterable[Part], look: Look, depth: int) -> Iterator[Row]:
    for part in in_order(parts, by_name=look.by_name):
        if not isinstance(part, Group):
            yield Row(depth, part)
            continue
        is_open = look.shows(part.key)
        yield Row(depth, part, is_open)
        if is_open:
            yield from _rows(parts_of(part), look, depth + 1)


def _kinds(items: Iterable[Item]) -> dict[object, list[Item]]:
    """Return the items by what they are sold as: fees of one version of a price are one kind."""
    found: dict[object, list[Item]] = defaultdict(list)
    for item in items:
        is_fee = item.kind == "recurring" and not item.description.endswith(CORRECTION)
        found[item.price_version_id if is_fee else item.key].append(item)
    return found


def _place(part: Part, *, by_name: bool) -> tuple[int, list[str | int]]:
    return (0 if by_name else -part.billed_cents, natural(name_of(part)))


def _keys(names: Iterable[str]) -> Iterator[str]:
    """Yield what each name is called in an address; no two are called the same."""
    seen: dict[str, int] = defaultdict(int)
    for name in names:
        key = re.sub(r"\W+", "-", name.casefold()).strip("-") or "other"
        seen[key] += 1
        # No name holds the sign.
        yield key if seen[key] == 1 else f"{key}~{seen[key]}"
