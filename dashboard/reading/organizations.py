"""The list support works from: every organization with what it owes and whether Stripe agrees."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, func, literal_column, select, tuple_

from dashboard.billing.models import Invoice
from dashboard.organizations.models import Organization
from dashboard.organizations.search import asked as values_asked
from dashboard.organizations.search import says
from dashboard.paging import (
    FIRST,
    FIRST_BY_NAME,
    MOST_COUNTED,
    Asked,
    Counted,
    NoSuchPage,
    Place,
    Stretch,
    Turn,
    stretch_of,
)
from dashboard.reading.listed import (
    FOUND,
    ORDERS,
    ListedInvoice,
    ListedOrganization,
    ListedOwner,
    is_draft_of,
)
from dashboard.reading.troubles import ATTENTION, Troubles, has_trouble, troubles
from dashboard.statement import Statement, columns, parameter, split

SIZE = 25


class Wanted(NamedTuple):
    """Which organizations: those that `text` matches, with a trouble that is one of `ATTENTION`."""

    text: str = ""
    attention: str | None = None

    @property
    def values(self) -> dict[str, object]:
        """What the conditions ask for."""
        return values_asked(self.text) if self.text else {}

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """What holds for those that are found."""
        says_so = [says(FOUND)] if self.text else []
        return says_so + ([has_trouble(FOUND, self.attention)] if self.attention else [])

    @property
    def kind(self) -> Wanted:
        """The same for any text: as many ways to ask as there are statements."""
        return self._replace(text="any" if self.text else "")


EVERY = Wanted()


def wanted_by(text: str, attention: str | None) -> Wanted:
    """Return which organizations an address asks for."""
    return Wanted(text.strip(), attention if attention in ATTENTION else None)


def list_organizations(
    wanted: Wanted = EVERY, asked: Asked = FIRST_BY_NAME
) -> Stretch[ListedOrganization]:
    """Return some of the organizations: one statement, and one to count them if many.

    By name or by the end of their cycle, which is what an index is kept of. Not by what they owe:
    that moves with every count of usage, and an index of it would make each of those dearer.
    Raises `NoSuchPage` for a place of another order.
    """
    order, turn = ORDERS[asked.sort.name], asked.turn
    place: dict[str, object] = {}
    if turn.place is not None:
        value = order.read(turn.place.value)
        if value is None:
            raise NoSuchPage
        place = {"value": value, "id": turn.place.id}
    rows = _listed(wanted.kind, asked.sort.name, bool(place), turn.is_back)
    read = rows.rows(**wanted.values, **place, size=SIZE + 1)
    found = [ListedOrganization(*split(row, _KINDS)) for row in read]
    places = [Place(order.value(one), one.organization.id) for one in found]
    total = len(found)
    if place or total > SIZE:
        total = _counted(wanted.kind).rows(**wanted.values)[0][0]
    return stretch_of(
        found,
        places,
        turn,
        size=SIZE,
        total=Counted.of(total),
        is_falling=asked.sort.is_falling,
    )


def turn_of_page(wanted: Wanted, number: int) -> Turn:
    """Return the rows that an address with a page's number asked for: it may be kept somewhere.

    Raises `NoSuchPage` past the end.
    """
    if number <= 1:
        return FIRST
    found = _placed(wanted.kind).row(**wanted.values, skipped=(number - 1) * SIZE - 1)
    if found is None:
        raise NoSuchPage
    return Turn(Place(*found))


@cache
def _listed(kind: Wanted, sort: str, has_place: bool, is_back: bool) -> Statement:
    """Return how they are read: which ones first, along an index, then all that is shown of each.

    So nothing is asked about those that come before or after.
    """
    order = ORDERS[sort]
    here, conditions = tuple_(order.column, order.id), list(kind.conditions)
    if has_place:
        place = tuple_(parameter("value", order.kind), parameter("id", BigInteger))
        conditions.append(here < place if is_back else here > place)
    part = (
        select(FOUND.c.id, order.column.label("value"))
        .select_from(order.source)
        .where(*conditions)
        .order_by(*_directed((order.column, order.id), is_back))
        .limit(parameter("size", BigInteger))
        .subquery("part")
    )
    return Statement(
        select(
            *columns(ListedOwner, _organization),
            *columns(ListedInvoice, _draft),
            *troubles(_organization, _draft),
        )
        .select_from(part)
        .join(_organization, _organization.c.id == part.c.id)
        .outerjoin(_draft, is_draft_of(_draft, _organization))
        .order_by(*_directed((part.c.value, part.c.id), is_back))
    )


def _directed(order: tuple[ColumnElement[Any], ...], is_back: bool) -> list[ColumnElement[Any]]:
    return [one.desc() if is_back else one for one in order]


def ids_of(wanted: Wanted) -> list[int]:
    """Return every organization that is wanted, however many there are."""
    return [row[0] for row in _ids(wanted.kind).rows(**wanted.values)]


def count_attention() -> dict[str, Counted]:
    """Return how many organizations have each trouble, as far as anybody counts; one statement."""
    [numbers] = _attention().rows()
    return {name: Counted.of(number) for name, number in zip(ATTENTION, numbers, strict=True)}


@cache
def _ids(kind: Wanted) -> Statement:
    return Statement(select(FOUND.c.id).where(*kind.conditions))


@cache
def _attention() -> Statement:
    return Statement(
        select(*(_number_of([has_trouble(FOUND, name)]).scalar_subquery() for name in ATTENTION))
    )


@cache
def _counted(kind: Wanted) -> Statement:
    """Return how they are counted, as far as anybody counts."""
    return Statement(_number_of(kind.conditions))


def _number_of(conditions: list[ColumnElement[bool]]) -> Select[Any]:
    some: Select[Any] = select(literal_column("1")).select_from(FOUND).where(*conditions)
    return select(func.count()).select_from(some.limit(MOST_COUNTED + 1).subquery())


@cache
def _placed(kind: Wanted) -> Statement:
    """Return how the place after so many of them is found, along the index alone."""
    order = select(FOUND.c.name, FOUND.c.id).order_by(FOUND.c.name, FOUND.c.id)
    skipped = parameter("skipped", BigInteger)
    return Statement(order.where(*kind.conditions).offset(skipped).limit(1))


_KINDS = (ListedOwner, ListedInvoice, Troubles)
_organization = Organization.__table__.alias("organization")
_draft = Invoice.__table__.alias("draft")
