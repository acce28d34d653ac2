"""How many there are of what grows with the fleet, without counting all of it for every look.

A page counts up to a thousand. Where there are more, the clock counts them once a minute and keeps
the number; a small installation never has any that is kept, and sees each as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, delete, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model, db
from dashboard.paging import MOST_COUNTED, Counted

# What is to be counted, under the names that the numbers are kept by.
Rows = Select[*tuple[Any, ...]]
Figures = dict[str, Rows]


class KeptCount(Model):
    """A number that took too long to count for a page, and when it was counted."""

    __tablename__ = "kept_counts"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int]
    counted_at: Mapped[datetime]


def count(figures: Figures) -> dict[str, Counted]:
    """Return how many rows each figure has: as they are now, or as the clock last counted many."""
    found = _up_to_the_most(figures)
    # In their order, whether kept or not.
    return found | _kept(name for name, one in found.items() if one.is_more)


def recount(figures: Figures, *, now: datetime) -> dict[str, int]:
    """Count and keep those that a page does not count to the end; return them."""
    many = [name for name, one in _up_to_the_most(figures).items() if one.is_more]
    numbers = {
        name: db.session.scalar(select(func.count()).select_from(figures[name].subquery())) or 0
        for name in many
    }
    # What has become few again is counted by whoever looks.
    db.session.execute(delete(KeptCount).where(KeptCount.name.not_in(many)))
    for name, number in numbers.items():
        values = {"number": number, "counted_at": now}
        written = insert(KeptCount).values(name=name, **values)
        db.session.execute(written.on_conflict_do_update(index_elements=["name"], set_=values))
    return numbers


def _up_to_the_most(figures: Figures) -> dict[str, Counted]:
    few = [
        select(func.count()).select_from(_some(rows).subquery(f"some_{number}")).scalar_subquery()
        for number, rows in enumerate(figures.values())
    ]
    numbers = db.session.execute(select(*few)).one()
    return {name: Counted.of(number) for name, number in zip(figures, numbers, strict=True)}


def _some(rows: Rows) -> Rows:
    one: Rows = rows.with_only_columns(literal_column("1"), maintain_column_froms=True)
    return one.limit(MOST_COUNTED + 1)


def _kept(names: Iterable[str]) -> dict[str, Counted]:
    wanted = list(names)
    if not wanted:
        return {}
    rows = db.session.scalars(select(KeptCount).where(KeptCount.name.in_(wanted)))
    return {one.name: Counted(one.number, counted_at=one.counted_at) for one in rows}
