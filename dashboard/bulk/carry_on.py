"""Carry a bulk action on by a slice: see what ended, begin some more, end it once nothing is left.

What a slice begins and that it did are one transaction, and the act's row is held meanwhile: a
worker that is killed leaves the slice as it was, and two never begin a member each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from dashboard.audit.actor import SYSTEM
from dashboard.audit.write import write_entry
from dashboard.billing.locks import for_change
from dashboard.bulk.models import BulkAction, BulkMember
from dashboard.bulk.verbs import VERBS
from dashboard.extensions import db
from dashboard.rows import update_each
from dashboard.sync.models import SyncRun

# A slice is a fraction of a second's work, so a click waits no longer.
SLICE = 100
# As many are under way at a time: the clock's own syncs wait behind no more than these.
MOST_AT_ONCE = 500
# So many acts are carried on at a time, the oldest first.
MOST_ACTS = 10


@dataclass(frozen=True, slots=True)
class Step:
    """What a slice began: the syncs to be queued, whether the inbox is to be looked into, and
    whether another slice could begin more at once.
    """

    runs: Sequence[SyncRun] = ()
    rings: bool = False
    goes_on: bool = False


def open_acts() -> list[int]:
    """Return the acts that are not over, the oldest first."""
    query = select(BulkAction.id).where(BulkAction.finished_at.is_(None))
    return list(db.session.scalars(query.order_by(BulkAction.id).limit(MOST_ACTS)))


def carry_on(act_id: int, *, now: datetime) -> Step:
    """Carry the act on by one slice; nothing while another worker does. Safe to repeat."""
    wanted = select(BulkAction).where(BulkAction.id == act_id, BulkAction.finished_at.is_(None))
    act = db.session.scalar(for_change(wanted, of=BulkAction, wait=False))
    if act is None:
        return Step()
    _see_ended(act)
    step = _begin_some(act, now)
    if act.asked == 0 and (act.waiting == 0 or act.canceled_at is not None):
        act.finished_at = now
        # Of what there is none nothing is said.
        told = {"failed": act.failed or None, "left": act.waiting or None}
        facts = {"verb": act.verb, "done": act.done, **told}
        write_entry("bulk_action.ended", act, SYSTEM, facts, now=now)
    return step


def _see_ended(act: BulkAction) -> None:
    if act.asked == 0:
        return
    ended = VERBS[act.verb].ended(_members(act, "asked", MOST_AT_ONCE))
    act.asked -= len(ended)
    _end(act, ended)


def _begin_some(act: BulkAction, now: datetime) -> Step:
    room = min(SLICE, MOST_AT_ONCE - act.asked)
    if act.canceled_at is not None or act.waiting == 0 or room <= 0:
        return Step()
    members = _members(act, "waiting", room)
    begun = VERBS[act.verb].begin(act, members, now=now)
    rows = [{"id": one, "run_id": run_id} for one, run_id in begun.asked.items()]
    update_each(BulkMember, rows, {"state": "asked"})
    act.asked += len(begun.asked)
    _end(act, begun.over)
    return Step(
        begun.runs,
        begun.rings,
        # Not where all that are left are in somebody's hands: they are looked at again later.
        goes_on=act.waiting > 0 and bool(begun.asked or begun.over),
    )


def _end(act: BulkAction, ended: Mapping[int, str | None]) -> None:
    failed = [{"id": one, "error": error} for one, error in ended.items() if error is not None]
    done = [{"id": one} for one, error in ended.items() if error is None]
    update_each(BulkMember, failed, {"state": "failed"})
    update_each(BulkMember, done, {"state": "done"})
    act.failed += len(failed)
    act.done += len(done)


def _members(act: BulkAction, state: str, most: int) -> Sequence[BulkMember]:
    db.session.flush()
    return db.session.scalars(
        select(BulkMember)
        .where(BulkMember.act_id == act.id, BulkMember.state == state)
        .order_by(BulkMember.id)
        .limit(most)
        .execution_options(populate_existing=True)
    ).all()
