"""People as an admin's page lists them: by name, from any place on, found by a part of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, literal_column, or_, select
from sqlalchemy.orm import selectinload

from dashboard.accounts.models import User
from dashboard.extensions import db
from dashboard.keyset import Key, in_order
from dashboard.paging import (
    FIRST_BY_NAME,
    MOST_COUNTED,
    Asked,
    Counted,
    Place,
    Stretch,
    stretch_of,
)

SIZE = 50
T = TypeVar("T")
# The order of every list of people: along the index of their names.
IN_ORDER = Key(User.id, User.name)
# Who the list is narrowed to. Staff and deactivated people are few, and have an index each.
WHO: dict[str, ColumnElement[bool]] = {
    "staff": User.role != literal_column("'customer'"),
    "customers": User.role == "customer",
    "deactivated": User.is_active.is_(False),
}


def list_people(
    text: str = "", asked: Asked = FIRST_BY_NAME, *, who: str | None = None
) -> Stretch[User]:
    """Return some of the people whose name or e-mail has `text` in it, with their memberships."""
    matching = _matching(text.strip())
    if who in WHO:
        matching = matching.where(WHO[who])
    rows = in_order(matching, IN_ORDER, asked.turn).limit(SIZE + 1)
    found = db.session.scalars(rows.options(selectinload(User.memberships))).all()
    return by_name(found, found, asked, counted=matching.with_only_columns(User.id))


def by_name(
    found: Sequence[T], people: Iterable[User], asked: Asked, *, counted: Select[Any]
) -> Stretch[T]:
    """Return a page of rows that were read `IN_ORDER`, with how many there are in all.

    `found` holds one more than a page shows where more follow; only then is `counted` asked.
    """
    total = len(found)
    if asked.turn.place is not None or total > SIZE:
        total = _number_of(counted)
    places = [Place(one.name, one.id) for one in people]
    return stretch_of(
        found,
        places,
        asked.turn,
        size=SIZE,
        total=Counted.of(total),
        is_falling=asked.sort.is_falling,
    )


def count_people() -> dict[str, Counted]:
    """Return how many people each of `WHO` keeps, up to the most that is counted."""
    return {who: Counted.of(_number_of(select(User.id).where(one))) for who, one in WHO.items()}


def _number_of(counted: Select[Any]) -> int:
    some = counted.limit(MOST_COUNTED + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def _matching(text: str) -> Select[User]:
    query = select(User)
    if not text:
        return query
    return query.where(
        or_(User.name.icontains(text, autoescape=True), User.email.icontains(text, autoescape=True))
    )
