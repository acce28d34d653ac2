"""Release a ledger that was restored: what waited goes on, and every draft is compared."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select, text

from dashboard.audit.actor import SYSTEM, Actor
from dashboard.audit.write import write_entry
from dashboard.billing.policy import current_policy
from dashboard.errors import Conflict, NotFound
from dashboard.extensions import db
from dashboard.restores.look import findings_of, unsettled
from dashboard.restores.mark_row import this_mark
from dashboard.restores.models import LedgerMark, Restore, RestoreFinding
from dashboard.restores.notice import go_on, open_restore

# How many invoices are locked at once; each slice is a transaction of its own.
SLICE = 500
_NEXT = text("""
    select id from invoices where status in ('draft', 'closing', 'sealed') and id > :after
    order by id limit :most
""")
# In the order of the locks. A closing invoice gets its grace again: senders may still repeat.
_COMPARE = text("""
    update invoices
    set needs_verification = stripe_invoice_id is not null or needs_verification,
        next_sync_at = case when stripe_invoice_id is null then next_sync_at
            else cast(:now as timestamptz) + make_interval(secs => invoices.id % :spread) end,
        seal_after_at = case when status = 'closing'
            then greatest(seal_after_at, cast(:grace as timestamptz)) else seal_after_at end
    from (
        select id from invoices
        where status in ('draft', 'closing', 'sealed') and id = any(:some)
        order by organization_id, id for no key update
    ) as held
    where invoices.id = held.id
""")


def release(
    restore_id: int,
    *,
    actor: Actor,
    now: datetime,
    checkpoint: Callable[[], None],
    reason: str | None = None,
) -> Restore:
    """Let closings and calls go on, have every draft compared, and return the restore.

    Invoices are told in slices while the ledger is still held, which is safe to repeat. Raises
    `NotFound`, and `Conflict` where a `reason` is wanted and none is given: before the look is
    over, and while something that counts is not put right.
    """
    _check(restore_id, reason)
    checkpoint()
    _compare_all(now, checkpoint)
    mark = this_mark()
    restore, left = _check(restore_id, reason)
    restore.released_at, restore.released_by, restore.reason = now, actor.label, reason
    _know_strangers(mark, restore)
    go_on(mark)
    facts = {"left": len(left), "since": restore.since.isoformat()}
    write_entry("ledger.released", restore, actor, facts, reason=reason, now=now)
    return restore


def end_comparison(*, actor: Actor, now: datetime, reason: str | None) -> None:
    """Let calls go on though the mark was not read since the ledger stood still.

    Raises `Conflict` without a reason, and where nothing is compared.
    """
    mark = this_mark()
    if mark.held_at is None or open_restore() is not None:
        raise Conflict("The ledger is not compared now. Nothing was changed. Reload the page.")
    if not reason:
        raise Conflict(
            "The mark at Stripe was not read yet. Nothing was released. Say why the ledger is "
            "known to be as it was."
        )
    go_on(mark)
    write_entry("ledger.comparison_ended", mark, actor, {}, reason=reason, now=now)


def _check(restore_id: int, reason: str | None) -> tuple[Restore, list[RestoreFinding]]:
    restore = db.session.get(Restore, restore_id, populate_existing=True)
    if restore is None:
        raise NotFound("There is no such restore. Nothing was changed. Reload the page.")
    if restore.released_at is not None:
        raise Conflict("The ledger is released already. Nothing was changed. Reload the page.")
    if restore.looked_at is None and not reason:
        raise Conflict(
            "What Stripe has is still being read. Nothing was released. Try again once that is "
            "over, or give a reason."
        )
    left = unsettled(restore)
    if left and not reason:
        raise Conflict(
            f"{_differences(len(left))} not put right. Nothing was released. Put them right, or "
            "give a reason."
        )
    return restore, left


def _compare_all(now: datetime, checkpoint: Callable[[], None]) -> None:
    policy, after = current_policy(), 0
    values = {
        "now": now,
        "spread": max(policy.sync_interval_seconds, 1),
        "grace": now + timedelta(seconds=policy.closing_grace_seconds),
    }
    while some := list(db.session.scalars(_NEXT, {"after": after, "most": SLICE})):
        db.session.execute(_COMPARE, values | {"some": some})
        checkpoint()
        after = some[-1]


def _know_strangers(mark: LedgerMark, restore: Restore) -> None:
    """Let the ledger know what the look found on the mark: else it is held over it once more."""
    found = [one.stripe_id for one in findings_of(restore) if one.kind == "mark"]
    if restore.looked_at is None:
        mark.accepts = True
    if found:
        mark.names = [*mark.names, *(one for one in found if one not in mark.names)]
        # What is taken away is another list: it must not be sent under the key of the old one.
        mark.pending = None


def release_if_nothing_is_apart(*, now: datetime, checkpoint: Callable[[], None]) -> bool:
    """Release by itself after a change of servers by which nothing was lost.

    So only where PostgreSQL's history alone spoke of it, and Stripe has nothing that the ledger
    does not: what a mark speaks of, a person releases.
    """
    restore = open_restore()
    if restore is None or restore.kind != "history" or restore.looked_at is None:
        return False
    if findings_of(restore):
        return False
    release(restore.id, actor=SYSTEM, now=now, checkpoint=checkpoint)
    return True


def last_restore() -> Restore | None:
    """Return the newest restore, released or not."""
    return db.session.scalar(select(Restore).order_by(Restore.id.desc()).limit(1))


def _differences(number: int) -> str:
    return "1 difference is" if number == 1 else f"{number:,} differences are"
