"""The ledger's mark at Stripe: each takes the one before away, so one too many is seen.

A mark that the ledger does not know is of a ledger that knew more: this one was restored, or
another one writes as the same installation. One call a minute at most, and none where nothing was
written since; the reply shows what is there, so no read is spent on it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select

from dashboard.extensions import db
from dashboard.gateway.customer_records import RemoteMark
from dashboard.gateway.errors import Missing
from dashboard.gateway.protocol import Gateway
from dashboard.installation import this_installation
from dashboard.restores.mark_row import forget, read_mark, this_mark
from dashboard.restores.models import LedgerMark
from dashboard.restores.notice import go_on, notice, open_restore
from dashboard.sync.models import SyncStep

log = structlog.get_logger("dashboard.restores")
Save = Callable[[], None]
# Stripe answers a key as it did the first time, be it a failure of its own; another hour, another.
ONE_KEY = timedelta(hours=1)
# Stripe keeps events for thirty days.
LONGEST = timedelta(days=29)


def keep_mark(*, gateway: Gateway, now: datetime, checkpoint: Save) -> None:
    """Compare the mark at Stripe with the ledger's, and move it on where something was written.

    Raises `GatewayError`; what is not known to be there is among the names until it is known.
    No transaction is open during a call.
    """
    mark = this_mark()
    if mark.held_at is not None:
        _compare(mark, gateway, checkpoint)
        return
    newest = db.session.scalar(select(func.max(SyncStep.id))) or 0
    if newest <= mark.step_id:
        return
    if mark.stripe_id is None:
        _create(mark, newest, gateway, now, checkpoint)
    else:
        _move(mark, mark.stripe_id, newest, gateway, now, checkpoint)


def _create(mark: LedgerMark, newest: int, gateway: Gateway, now: datetime, save: Save) -> None:
    """Make the object; the key is kept first, so a lost reply makes no second one."""
    if mark.made_by is None and mark.confirmed_at is None:
        if _is_of_before_its_first(mark, gateway, now, save):
            return
        mark = this_mark()
    mark.made_by = name = mark.made_by or _name()
    identity = this_installation().identity
    save()
    found = gateway.create_mark(identity, name, key=f"mark-{name}")
    mark = this_mark()
    if mark.made_by == name and mark.identity == identity:
        mark.stripe_id, mark.made_by = found.id, None
        _confirm(mark, name, newest, now)
    save()


def _is_of_before_its_first(mark: LedgerMark, gateway: Gateway, now: datetime, save: Save) -> bool:
    """Notice, before the first mark is made, that a ledger that knew more made one already.

    One page is read, once. A ledger that had one, and whose object is gone, is not asked.
    """
    ours = this_installation()
    identity, since = ours.identity, max(ours.created_at, now - LONGEST)
    save()
    page = gateway.customers_page(identity, after=None)
    found = next((one for one in page.items if one.marks), None)
    if found is None:
        return False
    mark = this_mark()
    if mark.stripe_id is None and mark.made_by is None and mark.identity == identity:
        mark.stripe_id = found.id
        _notice(found.marks, now, since)
    save()
    return True


def _move(
    mark: LedgerMark, stripe_id: str, newest: int, gateway: Gateway, now: datetime, save: Save
) -> None:
    """Add a mark that the ledger knows already, and take away those that it knew before.

    One whose fate is not known is sent again as it was, so names do not become more by failures.
    """
    if mark.pending is None:
        mark.pending = {"name": _name(), "step": newest, "at": now.isoformat()}
        mark.names = [*mark.names, mark.pending["name"]]
    name, step = str(mark.pending["name"]), int(mark.pending["step"])
    at = datetime.fromisoformat(mark.pending["at"])
    gone = [one for one in mark.names if one != name]
    save()
    try:
        key = f"mark-{name}-{(now - at) // ONE_KEY}"
        found = gateway.write_mark(stripe_id, name, gone, at=at, key=key)
    except Missing:
        _forget_deleted(stripe_id)
        save()
        return
    mark = this_mark()
    # A reply that comes late is of a mark that another worker settled: it says nothing now.
    if mark.stripe_id == stripe_id and (mark.pending or {}).get("name") == name:
        strangers = found.names - set(mark.names)
        if strangers and not mark.accepts:
            _notice(strangers, now)
        else:
            _confirm(mark, name, step, now, strangers)
    save()


def _compare(mark: LedgerMark, gateway: Gateway, save: Save) -> None:
    """Read the mark after a stop; where it is as the ledger knows, all goes on.

    An open restore is none of its business: the look reads the mark then.
    """
    if open_restore() is not None:
        save()
        return
    stripe_id, known = mark.stripe_id, set(mark.names)
    if stripe_id is None:
        go_on(mark)
        save()
        return
    save()
    found = read_mark(gateway, stripe_id)
    mark = this_mark()
    if mark.held_at is not None and open_restore() is None and mark.stripe_id == stripe_id:
        _judge(mark, found, known)
    save()


def _judge(mark: LedgerMark, found: RemoteMark, known: set[str]) -> None:
    strangers = found.names - known - set(mark.names)
    if found.is_deleted:
        _forget_deleted(found.id)
    if strangers and not found.is_deleted:
        _notice(strangers, db.session.scalars(select(func.now())).one())
    else:
        # In one transaction with what was forgotten: a stop that has no object ends.
        go_on(mark)


def _notice(strangers: frozenset[str], now: datetime, since: datetime | None = None) -> None:
    mark = this_mark()
    known = [one for one in (mark.confirmed_at, mark.alive_at) if one is not None]
    told = (
        "Stripe has a mark that this ledger never wrote: the ledger is older than it was, or "
        "a copy of it writes to the same account."
    )
    notice("mark", told, since=since or min(known, default=now), now=now)
    # They are known from now on, and the next mark takes them away: one too many is another one.
    mark.names, mark.pending = [*mark.names, *sorted(strangers)], None


def _confirm(
    mark: LedgerMark, name: str, step: int, now: datetime, others: frozenset[str] = frozenset()
) -> None:
    mark.names, mark.pending, mark.accepts = [name, *sorted(others)], None, False
    mark.step_id, mark.confirmed_at = step, now


def _forget_deleted(stripe_id: str) -> None:
    """Forget an object that somebody deleted; the next mark makes another."""
    log.warning("mark_deleted_at_stripe", stripe_id=stripe_id)
    mark = this_mark()
    if mark.stripe_id == stripe_id:
        forget(mark)


def _name() -> str:
    return secrets.token_hex(8)
