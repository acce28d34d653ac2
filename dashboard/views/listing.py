"""What every list is shown with: its rows, its order, what narrows it, and the addresses of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import current_app, request

from dashboard.paging import BY_NAME, NEWEST, Asked, Sort, Stretch, Turn
from dashboard.views.paging import turn, turned


class Order(NamedTuple):
    """How an order of a list is called, from its lowest value up and from its highest down."""

    rising: str
    falling: str


class Steps(NamedTuple):
    """What the links to the other rows of a list are called."""

    first: str
    previous: str
    next: str
    last: str


class Narrowed(NamedTuple):
    """One thing that a list is narrowed to: its parts of the address, and what it says."""

    names: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class ListKind:
    """A list of the product: what its rows are called, and what it can be sorted by."""

    endpoint: str
    one: str
    several: str
    orders: Mapping[str, Order]
    usual: Sort
    # The parts of the address that narrow it.
    filters: tuple[str, ...] = ()

    def asked(self) -> Asked:
        """Return which rows this request asks for; what no list offers is the usual order."""
        text = request.args.get("sort", "")
        sort = Sort(text.removeprefix("-"), text.startswith("-"))
        return self.asked_in(sort if sort.name in self.orders else self.usual)

    def asked_in(self, sort: Sort) -> Asked:
        """Return which rows of that order this request asks for."""
        return Asked(turn(sort), sort)

    def listing(
        self, stretch: Stretch[Any], sort: Sort, narrowed: Sequence[Narrowed] = (), **path: Any
    ) -> Listing:
        """Return the list with these rows, as this request asks for it."""
        kept = {name: value for name in self.filters if (value := request.args.get(name))}
        return Listing(self, stretch, sort, kept, narrowed, path)


NAMES = {"name": Order("by name", "by name, from Z")}
TIMES = {"time": Order("oldest first", "newest first")}
OF_LISTS = Steps("First", "Previous", "Next", "Last")
OF_LOGS = {
    True: Steps("Newest", "Newer", "Older", "Oldest"),
    False: Steps("Oldest", "Older", "Newer", "Newest"),
}


def days_in_words(first: date | None, last: date | None) -> str:
    """Return what a range of days keeps, empty where it keeps all."""
    told = (("from", first), ("through", last))
    return " ".join(f"{word} {day:%-d %b %Y}" for word, day in told if day)


def log_kind(endpoint: str, one: str, several: str, *filters: str) -> ListKind:
    """Return a list of what is only ever added to."""
    return ListKind(endpoint, one, several, TIMES, NEWEST, filters)


def name_kind(endpoint: str, one: str, several: str, *filters: str) -> ListKind:
    """Return a list by name."""
    return ListKind(endpoint, one, several, NAMES, BY_NAME, filters)


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as one request asked for it; `path` is what its address holds before the question."""

    kind: ListKind
    stretch: Stretch[Any]
    sort: Sort
    kept: Mapping[str, str] = field(default_factory=dict)
    narrowed: Sequence[Narrowed] = ()
    path: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> Sequence[Any]:
        """The rows that are shown."""
        return self.stretch.rows

    @property
    def order(self) -> str:
        """In which order they are, in words."""
        return self._words(self.sort)

    @property
    def other_orders(self) -> Sequence[tuple[str, str]]:
        """The orders that its head leads to, with their addresses: for where none is in sight."""
        return [(self._words(self._next(name)), self.sorted_by(name)) for name in self.kind.orders]

    @property
    def steps(self) -> Steps:
        """What the links to the other rows are called."""
        return OF_LOGS[self.sort.is_falling] if self.sort.name == "time" else OF_LISTS

    def at(self, turn: Turn) -> str:
        """Return the address of other rows."""
        return self._address({**self._sort(self.sort), **turned(turn, self.sort)}, self.kept)

    def sorted_by(self, name: str) -> str:
        """Return the address of the list in that order; in the present one from its other end."""
        return self._address(self._sort(self._next(name)), self.kept)

    def with_only(self, **values: str | None) -> str:
        """Return the address of the list with these parts in place of those of the same name."""
        kept = {**self.kept, **values}
        return self._address(self._sort(self.sort), kept)

    def without(self, narrowed: Narrowed) -> str:
        """Return the address of the list no longer narrowed to that."""
        return self.with_only(**dict.fromkeys(narrowed.names))

    def address_of(self, endpoint: str) -> str:
        """Return another address of what this list is narrowed to, such as its download."""
        return _with_parts(endpoint, {}, self.kept)

    @property
    def whole(self) -> str:
        """The address of the list that nothing narrows."""
        return self._address(self._sort(self.sort), {})

    def _next(self, name: str) -> Sort:
        if name == self.sort.name:
            return self.sort.reversed
        return self.kind.usual if name == self.kind.usual.name else Sort(name)

    def _words(self, sort: Sort) -> str:
        order = self.kind.orders[sort.name]
        return order.falling if sort.is_falling else order.rising

    def _sort(self, sort: Sort) -> dict[str, str]:
        return {} if sort == self.kind.usual else {"sort": str(sort)}

    def _address(self, asked: Mapping[str, str], kept: Mapping[str, str | None]) -> str:
        return _with_parts(self.kind.endpoint, self.path, {**kept, **asked})


def _with_parts(endpoint: str, path: Mapping[str, Any], parts: Mapping[str, str | None]) -> str:
    # Put together here: the router takes ten times as long for each, and a page has twenty.
    address: str = current_app.jinja_env.globals["url_for"](endpoint, **path)  # type: ignore[operator]  # the pages' own
    question = urlencode({name: value for name, value in parts.items() if value is not None})
    return f"{address}?{question}" if question else address
