"""People as an admin's page lists them: by name, from any place on, found by a part of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, func, or_, select, tuple_
from sqlalchemy.orm import selectinload

from dashboard.accounts.models import User
from dashboard.extensions import db
from dashboard.paging import (
    FIRST,
    MOST_COUNTED,
    Counted,
    Place,
    Stretch,
    Turn,
    stretch_of,
)

SIZE = 50
T = TypeVar("T")


def list_people(text: str = "", turn: Turn = FIRST) -> Stretch[User]:
    """Return some of the people whose name or e-mail has `text` in it, with their memberships."""
    matching = _matching(text.strip())
    rows = in_order(matching, turn).limit(SIZE + 1).options(selectinload(User.memberships))
    found = db.session.scalars(rows).all()
    return by_name(found, found, turn, counted=matching.with_only_columns(User.id))


def by_name(
    found: Sequence[T], people: Iterable[User], turn: Turn, *, counted: Select[Any]
) -> Stretch[T]:
    """Return the rows of a turn `in_order`, of these people; all are `counted` where some are left.

    One more than are shown was looked for.
    """
    total = len(found)
    if turn.place is not None or total > SIZE:
        some = counted.limit(MOST_COUNTED + 1).subquery()
        total = db.session.scalar(select(func.count()).select_from(some)) or 0
    places = [Place(one.name, one.id) for one in people]
    return stretch_of(found, places, turn, size=SIZE, total=Counted.of(total))


def _matching(text: str) -> Select[User]:
    query = select(User)
    if not text:
        return query
    return query.where(
        or_(User.name.icontains(text, autoescape=True), User.email.icontains(text, autoescape=True))
    )


def in_order(query: Select[Any], turn: Turn) -> Select[Any]:
    """Return what asks for people from the place of a turn on, by name."""
    here = tuple_(User.name, User.id)
    if turn.place is not None:
        place = tuple_(turn.place.name, turn.place.id)
        query = query.where(here < place if turn.is_back else here > place)
    order = (User.name.desc(), User.id.desc()) if turn.is_back else (User.name, User.id)
    return query.order_by(*order)
