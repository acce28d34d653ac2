"""Look at what needs a person: keep what is new, say what changed, let go what is settled.

The clock looks every few seconds, so a page reads one small table. What people decided about a
thing (who takes it, until when it can wait, a note) stays with it as long as it is found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, String, bindparam, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from dashboard.audit.models import AuditEntry
from dashboard.currencies import minor_digits
from dashboard.extensions import db
from dashboard.needs.found import Found
from dashboard.needs.kinds import KINDS, Kind
from dashboard.needs.models import Need
from dashboard.statement import any_of

KEPT = timedelta(days=90)
# Held by whoever looks, until the end of its transaction.
_LOCK = 734_510
# What it is told by, and under which key it is kept as long as it is open.
Name = tuple[str, str]


class Known(NamedTuple):
    """An open need as it is kept: its row, and what was found when it was looked at last."""

    id: int
    found: Found


class Difference(NamedTuple):
    """What a look changes: what is new, what is told otherwise now, and what is settled."""

    new: Mapping[Name, Found]
    changed: Mapping[int, Found]
    settled: Mapping[str, list[int]]


def look(*, now: datetime, told: Mapping[str, Collection[Found] | None]) -> Difference:
    """Look at every kind and keep what is different; return it.

    `told` are the things, by kind, that no query finds; None where nobody can tell, and what is
    kept stays. While another looks nothing is done.
    """
    if not db.session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
        return Difference({}, {}, {})
    seen = {kind: some for kind, some in told.items() if some is not None}
    known = _open([*seen, *(kind.name for kind in KINDS.values() if kind.find)])
    different = compare(_found(now) | _as_told(seen, known, now), known)
    _add(different.new, now)
    _change(different.changed, now)
    for name, ids in different.settled.items():
        _settle(KINDS[name], ids, now)
    _wake(now)
    return different


def compare(found: Mapping[Name, Found], known: Mapping[Name, Known]) -> Difference:
    """Return what is different between what is found now and what is kept."""
    new = {name: one for name, one in found.items() if name not in known}
    changed = {
        known[name].id: one
        for name, one in found.items()
        if name in known and known[name].found != one
    }
    settled: dict[str, list[int]] = defaultdict(list)
    for name, one in known.items():
        if name not in found:
            settled[name[0]].append(one.id)
    return Difference(new, changed, settled)


def forget_settled(*, before: datetime) -> None:
    """Remove what was settled before then."""
    db.session.execute(delete(Need).where(Need.settled_at < before))


def weight(cents: int | None, currency: str | None) -> int:
    """Return an amount in hundredths of its currency: what amounts of any are sorted by."""
    if cents is None or currency is None:
        return 0
    digits = minor_digits(currency)
    return cents * 100 if digits == 0 else cents // 10 ** (digits - 2)


def _found(now: datetime) -> dict[Name, Found]:
    """Return what the ledger finds."""
    found: dict[Name, Found] = {}
    for kind in KINDS.values():
        if kind.find is not None:
            rows = map(Found._make, db.session.execute(kind.find(now)))
            found |= {(kind.name, one.subject): one for one in rows}
    return found


def _as_told(
    told: Mapping[str, Collection[Found]], known: Mapping[Name, Known], now: datetime
) -> dict[Name, Found]:
    """Return what others told, each since when it was told first unless they say."""
    found = {(kind, one.subject): one for kind, some in told.items() for one in some}
    return {
        name: one._replace(since=known[name].found.since if name in known else now)
        if one.since is None
        else one
        for name, one in found.items()
    }


def _open(kinds: Collection[str]) -> dict[Name, Known]:
    """Return what is open of these kinds; another release's own are left alone."""
    columns = (getattr(Need, name) for name in Found._fields)
    query = select(Need.kind, Need.id, *columns)
    rows = db.session.execute(query.where(Need.settled_at.is_(None), Need.kind.in_(kinds)))
    return {(kind, row[0]): Known(row_id, Found._make(row)) for kind, row_id, *row in rows}


def _add(new: Mapping[Name, Found], now: datetime) -> None:
    if not new:
        return
    told = {"found_at": now, "changed_at": now}
    rows = [{"kind": kind, **_values(one), **told} for (kind, _), one in sorted(new.items())]
    db.session.execute(insert(Need).on_conflict_do_nothing(), rows)


def _change(changed: Mapping[int, Found], now: datetime) -> None:
    if not changed:
        return
    rows = [{"row_id": row_id, **_values(one)} for row_id, one in sorted(changed.items())]
    names = (*Found._fields, "weight")
    values: dict[str, Any] = {name: bindparam(name) for name in names} | {"changed_at": now}
    table = Need.__table__
    written = update(table).where(table.c.id == bindparam("row_id")).values(values)  # type: ignore[arg-type]  # a mapped class has a Table
    db.session.connection().execute(written, rows)


def _settle(kind: Kind, ids: list[int], now: datetime) -> None:
    by = _who(kind) if kind.acts else None
    db.session.execute(
        update(Need)
        .where(Need.id == any_of(ids, BigInteger), Need.settled_at.is_(None))
        .values(settled_at=now, changed_at=now, snoozed_until=None, settled_by=by),
        execution_options={"synchronize_session": False},
    )


def _who(kind: Kind) -> Any:
    """Return who did last what settles such a thing, since it was found."""
    about = (
        cast(AuditEntry.subject_id, String) == Need.subject
        if kind.is_of_row
        else AuditEntry.organization_id == Need.organization_id
    )
    return (
        select(AuditEntry.actor_label)
        .where(
            about,
            AuditEntry.action.in_(kind.acts),
            AuditEntry.actor_kind.in_(("user", "token")),
            AuditEntry.at >= Need.found_at,
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
        .correlate(Need)
        .scalar_subquery()
    )


def _wake(now: datetime) -> None:
    slept = Need.settled_at.is_(None) & (Need.snoozed_until <= now)
    db.session.execute(
        update(Need).where(slept).values(snoozed_until=None, changed_at=now),
        execution_options={"synchronize_session": False},
    )


def _values(one: Found) -> dict[str, Any]:
    return one._asdict() | {"weight": weight(one.stake_cents, one.currency)}
