"""Begin a bulk action, of exactly as many rows as somebody has confirmed; or end one early."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, literal, select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.locks import lock_row
from dashboard.bulk.models import BulkAction, BulkMember
from dashboard.bulk.verb import Members, Verb
from dashboard.errors import Conflict, Invalid, Stale
from dashboard.extensions import db

# More than any fleet we know of; whatever asks for more is no filter.
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody confirmed: why, and of how many rows; `wanted` says in `words` of which."""

    reason: str
    confirmed: int
    wanted: Mapping[str, Any]
    retries_id: int | None = None


def count_members(members: Members) -> int:
    """Return how many rows an act of these would reach."""
    return db.session.scalar(select(func.count()).select_from(members.subquery())) or 0


def begin(verb: Verb, members: Members, wish: Wish, *, actor: Actor, now: datetime) -> BulkAction:
    """Return the act, its members written down; the caller has it carried on after the commit.

    Raises `Stale` where they are not as many as were confirmed, `Conflict` for none.
    """
    if wish.confirmed > MOST:
        raise Invalid(
            f"A bulk action reaches {MOST:,} rows at most. Nothing was started. Narrow the list "
            "first."
        )
    act = BulkAction(
        verb=verb.name,
        wanted=dict(wish.wanted),
        reason=wish.reason,
        retries_id=wish.retries_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label,
        created_at=now,
    )
    db.session.add(act)
    db.session.flush()
    act.total = _write_down(act, members)
    if act.total != wish.confirmed:
        raise Stale(
            f"There are now {act.total:,}, and you confirmed {wish.confirmed:,}. Nothing was "
            "started. Check the list, then confirm that many."
        )
    if act.total == 0:
        raise Conflict("Nothing is left to do. Nothing was started. Check the list again.")
    facts = {"verb": verb.name, "number": act.total, "which": act.wanted.get("words")}
    write_entry("bulk_action.begun", act, actor, facts, reason=wish.reason, now=now)
    return act


def cancel(act: BulkAction, *, actor: Actor, now: datetime) -> None:
    """Begin no more of its members; those that are begun go on to their end. Safe to repeat."""
    lock_row(act)
    if act.finished_at is not None:
        raise Conflict("It has already ended. Nothing was changed. Its page shows what failed.")
    if act.canceled_at is not None:
        return
    act.canceled_at, act.canceled_by = now, actor.label
    write_entry(
        "bulk_action.canceled", act, actor, {"left": act.waiting, "verb": act.verb}, now=now
    )


def _write_down(act: BulkAction, members: Members) -> int:
    """Add the members in the order of their ids; return how many there are."""
    found = members.subquery()
    subject, organization = found.columns
    rows = select(literal(act.id), subject, organization).order_by(subject)
    written = insert(BulkMember).from_select(["act_id", "subject_id", "organization_id"], rows)
    added = written.returning(BulkMember.id).cte("added")
    return db.session.scalar(select(func.count()).select_from(added)) or 0
