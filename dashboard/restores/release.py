"""Release a ledger that was restored: what waited goes on, and every draft is compared."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, text

from dashboard.audit.actor import SYSTEM, Actor
from dashboard.audit.write import write_entry
from dashboard.billing.policy import current_policy
from dashboard.errors import Conflict, NotFound
from dashboard.extensions import db
from dashboard.restores.look import findings_of, unsettled
from dashboard.restores.models import LedgerMark, Restore, held_for_change
from dashboard.restores.notice import open_restore

# In the order of the locks. A closing invoice gets its grace again: senders may still repeat.
_COMPARE = text("""
    update invoices
    set needs_verification = stripe_invoice_id is not null or needs_verification,
        next_sync_at = case when stripe_invoice_id is null then next_sync_at
            else cast(:now as timestamptz) + make_interval(secs => invoices.id % :spread) end,
        seal_after_at = case when status = 'closing'
            then greatest(seal_after_at, cast(:grace as timestamptz)) else seal_after_at end
    from (
        select id from invoices where status in ('draft', 'closing', 'sealed')
        order by organization_id, id for no key update
    ) as held
    where invoices.id = held.id
""")


def release(restore_id: int, *, actor: Actor, now: datetime, reason: str | None = None) -> Restore:
    """Let closings and calls go on, have every draft compared, and return the restore.

    Raises `NotFound`, and `Conflict` before the look is over, or while something that counts is
    not put right and no `reason` says why it may be left.
    """
    query = held_for_change(select(LedgerMark))
    mark = db.session.scalar(query)
    restore = db.session.get(Restore, restore_id, populate_existing=True)
    if restore is None or mark is None:
        raise NotFound("There is no such restore. Nothing was changed. Reload the page.")
    if restore.released_at is not None:
        raise Conflict("The ledger is released already. Nothing was changed. Reload the page.")
    if restore.looked_at is None:
        raise Conflict(
            "What Stripe has is still being read. Nothing was released. Try again once that is "
            "over."
        )
    left = unsettled(restore)
    if left and not reason:
        raise Conflict(
            f"{_differences(len(left))} not put right. Nothing was released. Put them right, or "
            "give a reason."
        )
    restore.released_at, restore.released_by, restore.reason = now, actor.label, reason
    mark.held_at = mark.held_why = None
    mark.alive_at = now
    db.session.flush()
    policy = current_policy()
    db.session.execute(
        _COMPARE,
        {
            "now": now,
            "spread": max(policy.sync_interval_seconds, 1),
            "grace": now + timedelta(seconds=policy.closing_grace_seconds),
        },
    )
    facts = {"left": len(left), "since": restore.since.isoformat()}
    write_entry("ledger.released", restore, actor, facts, reason=reason, now=now)
    return restore


def release_if_nothing_is_apart(*, now: datetime) -> bool:
    """Release by itself after a change of servers by which nothing was lost.

    So only where PostgreSQL's history alone spoke of it, and Stripe has nothing that the ledger
    does not: what a mark speaks of, a person releases.
    """
    restore = open_restore()
    if restore is None or restore.kind != "history" or restore.looked_at is None:
        return False
    if findings_of(restore):
        return False
    release(restore.id, actor=SYSTEM, now=now)
    return True


def last_restore() -> Restore | None:
    """Return the newest restore, released or not."""
    return db.session.scalar(select(Restore).order_by(Restore.id.desc()).limit(1))


def _differences(number: int) -> str:
    return "1 difference is" if number == 1 else f"{number:,} differences are"
