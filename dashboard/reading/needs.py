"""What needs a person, as its page reads it: one statement to count it all, one for the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select

from dashboard.accounts.models import User
from dashboard.extensions import db
from dashboard.needs.kinds import GROUPS, KINDS, Kind, Step, kinds_of
from dashboard.needs.models import Need
from dashboard.organizations.models import Organization

SIZE, MOST = 50, 500


class Wanted(NamedTuple):
    """Which of them: of a group, the reader's own, those put off. `size` of them are shown."""

    group: str | None = None
    is_mine: bool = False
    is_snoozed: bool = False
    size: int = SIZE


class Tally(NamedTuple):
    """How many of a kind and currency there are, put off or not, and what of that is a reader's."""

    kind: str
    currency: str | None
    is_snoozed: bool
    number: int
    mine: int
    stake_cents: int
    oldest: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Overview:
    """All that is open, counted; `tag` changes with whatever a page of it shows."""

    tallies: Sequence[Tally]

    @property
    def number(self) -> int:
        """How many wait now."""
        return sum(one.number for one in self._awake)

    @property
    def mine(self) -> int:
        """How many of them the reader took."""
        return sum(one.mine for one in self._awake)

    @property
    def snoozed(self) -> int:
        """How many are put off."""
        return sum(one.number for one in self.tallies if one.is_snoozed)

    @property
    def oldest(self) -> datetime | None:
        """Since when the oldest of them waits."""
        return min((one.oldest for one in self._awake), default=None)

    @property
    def groups(self) -> dict[str, int]:
        """How many wait of each group that has any, in the groups' order."""
        numbers: dict[str, int] = defaultdict(int)
        for one in self._awake:
            numbers[KINDS[one.kind].group] += one.number
        return {group: numbers[group] for group in GROUPS if numbers[group]}

    @property
    def stakes(self) -> dict[str, int]:
        """The money at stake by currency, that of most things first."""
        numbers: dict[str, int] = defaultdict(int)
        cents: dict[str, int] = defaultdict(int)
        for one in self._awake:
            if one.currency:
                numbers[one.currency] += one.number
                cents[one.currency] += one.stake_cents
        return {one: cents[one] for one in sorted(numbers, key=lambda one: (-numbers[one], one))}

    @property
    def tag(self) -> str:
        """The name of this state."""
        changed = max((one.changed_at for one in self.tallies), default=None)
        numbers = (self.number, self.mine, self.snoozed)
        at = f"{changed.timestamp():.6f}" if changed else "none"
        return ".".join(map(str, (*numbers, *self.groups.values(), at)))

    @property
    def _awake(self) -> Iterable[Tally]:
        return (one for one in self.tallies if not one.is_snoozed)


class ListedNeed(NamedTuple):
    """One row, as it is shown."""

    id: int
    kind_name: str
    subject: str
    facts: dict[str, Any]
    stake_cents: int | None
    currency: str | None
    since: datetime
    owner_id: int | None
    snoozed_until: datetime | None
    note: str | None
    settled_at: datetime | None
    settled_by: str | None
    slug: str | None
    organization: str | None
    owner: str | None

    @property
    def kind(self) -> Kind:
        """What kind of thing it is."""
        return KINDS[self.kind_name]

    @property
    def step(self) -> Step:
        """What settles it, and where."""
        return self.kind.step_of(self.facts)

    @property
    def why(self) -> str:
        """Why it needs a person."""
        return self.kind.sentence(self.facts)


@dataclass(frozen=True, slots=True)
class Settled:
    """What was settled since midnight UTC, and how much of that by people."""

    number: int
    by_people: int


def overview(reader_id: int) -> Overview:
    """Return all that is open, counted; one statement, whatever there is."""
    is_snoozed = Need.snoozed_until.is_not(None)
    rows = db.session.execute(
        select(
            Need.kind,
            Need.currency,
            is_snoozed,
            func.count(),
            func.count().filter(Need.owner_id == reader_id),
            func.coalesce(func.sum(Need.stake_cents), 0),
            func.min(Need.since),
            func.max(Need.changed_at),
        )
        .where(Need.settled_at.is_(None), Need.kind.in_(KINDS))
        .group_by(Need.kind, Need.currency, is_snoozed)
    )
    return Overview([Tally(*row[:5], int(row[5] or 0), *row[6:]) for row in rows])


def open_needs(wanted: Wanted, reader_id: int) -> list[ListedNeed]:
    """Return those that are wanted, most money first, with one to spare if there are more."""
    order = (Need.weight.desc(), Need.since, Need.id)
    query = _listed().where(Need.settled_at.is_(None), *_conditions(wanted, reader_id))
    return _rows(query.order_by(*order).limit(wanted.size + 1))


def need_as_listed(need_id: int) -> ListedNeed | None:
    """Return one of them, settled or not."""
    return next(iter(_rows(_listed().where(Need.id == need_id))), None)


def settled_needs(*, most: int = MOST, now: datetime) -> list[ListedNeed]:
    """Return what was settled today, the last first."""
    since = _midnight(now)
    query = _listed().where(Need.settled_at >= since)
    return _rows(query.order_by(Need.settled_at.desc(), Need.id.desc()).limit(most))


def settled_today(*, now: datetime) -> Settled:
    """Return how much was settled today."""
    numbers = select(func.count(), func.count(Need.settled_by))
    found = db.session.execute(numbers.where(Need.settled_at >= _midnight(now))).one()
    return Settled(*found)


def _conditions(wanted: Wanted, reader_id: int) -> list[ColumnElement[bool]]:
    names = kinds_of(wanted.group) if wanted.group else tuple(KINDS)
    is_snoozed = Need.snoozed_until.is_not(None)
    conditions = [Need.kind.in_(names), is_snoozed if wanted.is_snoozed else ~is_snoozed]
    return conditions + ([Need.owner_id == reader_id] if wanted.is_mine else [])


def _listed() -> Select[Any]:
    fields = (
        Need.id, Need.kind, Need.subject, Need.facts, Need.stake_cents, Need.currency, Need.since,
        Need.owner_id, Need.snoozed_until, Need.note, Need.settled_at, Need.settled_by,
        Organization.slug, Organization.name, User.name,
    )  # fmt: skip
    return (
        select(*fields)
        .outerjoin(Organization, Organization.id == Need.organization_id)
        .outerjoin(User, User.id == Need.owner_id)
    )


def _rows(query: Select[Any]) -> list[ListedNeed]:
    return [ListedNeed._make(row) for row in db.session.execute(query)]


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC), time(), UTC)
