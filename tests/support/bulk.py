"""Bulk actions in a test, begun and carried on without a worker."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from dashboard.bulk.begin import Wish, begin, count_members
from dashboard.bulk.carry_on import Step, carry_on
from dashboard.bulk.models import BulkAction, BulkMember
from dashboard.bulk.verbs import VERBS
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.factories import SUPPORT


def begun(verb: str, ids: Collection[int], *, confirmed: int | None = None) -> BulkAction:
    """Return an act of that verb on these rows of its list, committed."""
    with transaction():
        members = VERBS[verb].members(ids)
        number = count_members(members) if confirmed is None else confirmed
        wish = Wish("The cause is fixed", number, {"words": "all of them", "query": ""})
        return begin(VERBS[verb], members, wish, actor=SUPPORT, now=utc_now())


def step(act: BulkAction) -> Step:
    """Carry the act on by a slice."""
    with transaction():
        return carry_on(act.id, now=utc_now())


def states(act: BulkAction) -> dict[int, str]:
    """Return the state of each member by its subject, as it is committed."""
    query = select(BulkMember.subject_id, BulkMember.state).where(BulkMember.act_id == act.id)
    return dict(db.session.execute(query).all())


def counts(act: BulkAction) -> tuple[int, int, int, int]:
    """Return how many members wait, are under way, done and failed."""
    db.session.refresh(act)
    return act.waiting, act.asked, act.done, act.failed
