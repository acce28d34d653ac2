"""Notice that the ledger may be older than what Stripe was told, and stop what would make it worse.

PostgreSQL's history says so at once: a promotion, be it after a failover or a restore to a moment,
begins another. A dump that was put back has the same history; it is seen by the ledger having stood
still, and then by the mark at Stripe.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, text

from dashboard.audit.actor import SYSTEM, Actor
from dashboard.audit.write import write_entry
from dashboard.extensions import db
from dashboard.restores.models import LedgerMark, Restore, held_for_change

log = structlog.get_logger("dashboard.restores")
# The clock sees it every ten seconds; a ledger that no clock saw for so long may be another.
STOOD_STILL = timedelta(minutes=2)
# Clocks of machines differ, and a call was intended before it was sent.
MARGIN = timedelta(minutes=2)
COMPARING = (
    "The ledger stood still, so it is compared with its mark at Stripe before anything is sent."
)


# On a server that only follows another there is none, and nothing can be written either. The
# database's own time: the clocks of two machines that differ would be a stop of their own.
_HISTORY = "left(pg_walfile_name(pg_current_wal_lsn()), 8)"
_ALIVE = text(f"""
    insert into ledger_marks as mark (id, history, alive_at) values (1, {_HISTORY}, now())
    on conflict (id) do update
    set history = excluded.history, alive_at = excluded.alive_at
    where mark.held_at is null and (mark.history is null or mark.history = excluded.history)
        and (mark.alive_at is null or mark.alive_at > now() - cast(:still as interval)
            or mark.stripe_id is null)
    returning id
""")  # noqa: S608  # of the line above


def look_at_history(*, now: datetime) -> bool:
    """Notice another history of PostgreSQL's, or that the ledger stood still. Safe to repeat.

    Return whether all is as it was: then it is one statement.
    """
    if db.session.execute(_ALIVE, {"still": STOOD_STILL}).one_or_none() is not None:
        return True
    mark = db.session.scalars(held_for_change(select(LedgerMark))).one()
    history = _history()
    before, mark.history = mark.history, history or mark.history
    if history and before and history != before:
        _notice_history(mark, now)
    elif mark.held_at is None:
        mark.held_at, mark.held_why = db.session.scalars(select(func.now())).one(), COMPARING
        mark.is_comparing = True
    return False


def _notice_history(mark: LedgerMark, now: datetime) -> None:
    told = (
        "PostgreSQL goes on from an earlier moment or on another server: it was restored, or "
        "another server took over."
    )
    notice("history", told, since=mark.alive_at or now, now=now)


def notice(kind: str, told: str, *, since: datetime, now: datetime, by: Actor = SYSTEM) -> Restore:
    """Hold the ledger from now on, and return the restore; one that is open already begins again.

    What was handed out since is unknown, so no number is handed out again: Stripe's objects, mails
    and outgoing events bear them.
    """
    mark = db.session.scalars(held_for_change(select(LedgerMark))).one()
    found = open_restore()
    if found is None:
        found = Restore(
            kind=kind, told=told, noticed_at=now, since=since - MARGIN, place=0, reads=0
        )
        db.session.add(found)
    else:
        _again(found, kind, told, since - MARGIN)
        # Senders repeat for each one that they have not seen: this is one more.
        found.noticed_at = now
    mark.held_at, mark.held_why, mark.is_comparing = now, found.told, False
    move_numbers()
    db.session.flush()
    write_entry("ledger.held", found, by, {"why": told, "since": found.since.isoformat()}, now=now)
    log.error("ledger_held", kind=kind, since=found.since.isoformat())
    return found


def _again(found: Restore, kind: str, told: str, since: datetime) -> None:
    """Let an open restore speak of one more: of the earlier moment, and by the stronger sign."""
    db.session.scalars(held_for_change(select(Restore).where(Restore.id == found.id))).one()
    found.since = min(found.since, since)
    # Only what PostgreSQL's history alone spoke of is released without a person.
    found.kind = kind if found.kind == "history" else found.kind
    if told not in found.told:
        found.told = f"{found.told} {told}"
    found.place, found.after, found.looked_at = 0, None, None


def go_on(mark: LedgerMark) -> None:
    """Let closings and calls to Stripe go on; `mark` is held by the caller."""
    mark.held_at = mark.held_why = None
    mark.is_comparing = False
    mark.alive_at = db.session.scalars(select(func.now())).one()
    db.session.flush()


def open_restore() -> Restore | None:
    """Return the restore that is not released yet."""
    return db.session.scalar(select(Restore).where(Restore.released_at.is_(None)))


def move_numbers() -> None:
    """Move every sequence a million past what the ledger knows: no restore loses so many."""
    # With the rights of the schema's owner: a role that owns nothing may only draw numbers.
    db.session.execute(text("select move_numbers()"))


def _history() -> str | None:
    found: str | None = db.session.scalar(text(f"select {_HISTORY}"))
    return found
