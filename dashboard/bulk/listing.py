"""Bulk actions as pages read them: how far each came, and what failed by reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select

from dashboard.bulk.begin import count_members
from dashboard.bulk.models import BulkAction, BulkMember
from dashboard.bulk.verb import Members
from dashboard.bulk.verbs import INSTEAD
from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.keyset import read_log
from dashboard.organizations.models import Organization
from dashboard.paging import NEWEST_FIRST, Asked, Counted, Stretch
from dashboard.sync.counts import count
from dashboard.webhooks.alike import without_ids

SIZE = 50
# Of more than so many that failed the last are grouped, and so many of a reason are named.
MOST_GROUPED = 1000
MOST_REASONS = 20
MOST_NAMED = 50


class Reason(NamedTuple):
    """Why members failed, ids and numbers aside: one of them, and how many there are."""

    member: int
    error: str
    number: int


class Failed(NamedTuple):
    """A member that failed: whose it is, and why."""

    subject_id: int
    error: str | None
    slug: str | None
    name: str | None


def recent_acts(*, only_open: bool, asked: Asked = NEWEST_FIRST) -> Stretch[BulkAction]:
    """Return some of the bulk actions, all of them or those that are not over."""
    query = select(BulkAction)
    if only_open:
        query = query.where(BulkAction.finished_at.is_(None))
    return read_log(query, BulkAction.id, asked, size=SIZE)


def count_open() -> Counted:
    """Return how many acts are not over."""
    rows = select(BulkAction.id).where(BulkAction.finished_at.is_(None))
    return count({"open": rows})["open"]


def act_by_id(act_id: int) -> BulkAction:
    """Return one act; raise `NotFound`."""
    found = db.session.get(BulkAction, act_id)
    if found is None:
        raise NotFound(f"There is no bulk action {act_id}. The audit trail lists all there were.")
    return found


def reasons_of(act: BulkAction) -> Sequence[Reason]:
    """Return why members failed, the most frequent first."""
    recent = (
        select(BulkMember.id, BulkMember.error, without_ids(BulkMember.error).label("kind"))
        .where(BulkMember.act_id == act.id, BulkMember.state == "failed")
        .order_by(BulkMember.id.desc())
        .limit(MOST_GROUPED)
        .cte("recent")
    )
    newest, number = func.max(recent.c.id).label("newest"), func.count().label("number")
    groups = select(newest, number).group_by(recent.c.kind).subquery()
    rows = db.session.execute(
        select(recent.c.id, recent.c.error, groups.c.number)
        .join(groups, groups.c.newest == recent.c.id)
        .order_by(groups.c.number.desc(), recent.c.id.desc())
        .limit(MOST_REASONS)
    )
    return [Reason(*row) for row in rows]


def failed_of(act: BulkAction) -> Sequence[Failed]:
    """Return the last members that failed, with whose they are."""
    rows = db.session.execute(
        select(BulkMember.subject_id, BulkMember.error, Organization.slug, Organization.name)
        .outerjoin(Organization, Organization.id == BulkMember.organization_id)
        .where(BulkMember.act_id == act.id, BulkMember.state == "failed")
        .order_by(BulkMember.id.desc())
        .limit(MOST_NAMED)
    )
    return [Failed._make(row) for row in rows]


def error_of(act: BulkAction, member_id: int) -> str | None:
    """Return why a member failed; None where it did not, or is none of the act's."""
    query = select(BulkMember.error).where(BulkMember.act_id == act.id, BulkMember.id == member_id)
    return db.session.scalar(query)


def count_again(act: BulkAction) -> int:
    """Return how many of those that failed can be tried again by the same verb."""
    return count_members(failed_members(act)) if act.failed else 0


def failed_members(act: BulkAction, like: int | None = None) -> Members:
    """Return what failed of an act, to be tried again: all, or what has the error of one member.

    Of all it leaves out what another verb settles.
    """
    query = select(BulkMember.subject_id, BulkMember.organization_id).where(
        BulkMember.act_id == act.id, BulkMember.state == "failed"
    )
    if like is None:
        query = query.where(func.coalesce(BulkMember.error, "").not_in(tuple(INSTEAD)))
    else:
        kind = (
            select(without_ids(BulkMember.error))
            .where(BulkMember.act_id == act.id, BulkMember.id == like)
            .scalar_subquery()
        )
        query = query.where(without_ids(BulkMember.error) == kind)
    return query
