"""The ledger's mark at Stripe: each takes the one before away, so one too many is seen.

A mark that the ledger does not know is of a ledger that knew more: this one was restored, or
another one writes as the same installation. One call a minute at most, and none where nothing was
written since; the reply shows what is there, so no read is spent on it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from dashboard.extensions import db
from dashboard.gateway.customer_records import RemoteMark
from dashboard.gateway.errors import Missing
from dashboard.gateway.protocol import Gateway
from dashboard.installation import this_installation
from dashboard.restores.models import LedgerMark, held_for_change
from dashboard.restores.notice import notice, open_restore
from dashboard.sync.models import SyncStep

log = structlog.get_logger("dashboard.restores")
Save = Callable[[], None]
# A mark of which nothing is known any more counts as a stranger's; so many are enough.
MOST_NAMES = 20


def keep_mark(*, gateway: Gateway, now: datetime, checkpoint: Save) -> None:
    """Compare the mark at Stripe with the ledger's, and move it on where something was written.

    Raises `GatewayError`; what is not known to be there is among the names until it is known.
    No transaction is open during a call.
    """
    mark = this_mark()
    stripe_id = mark.stripe_id
    if mark.held_at is not None:
        checkpoint()
        if open_restore() is None and stripe_id is not None:
            _compare(stripe_id, gateway, now, checkpoint)
        checkpoint()
        return
    newest = db.session.scalar(select(func.max(SyncStep.id))) or 0
    if newest <= mark.step_id:
        return
    if stripe_id is None:
        _create(mark, newest, gateway, now, checkpoint)
    else:
        _move(mark, stripe_id, newest, gateway, now, checkpoint)


def this_mark() -> LedgerMark:
    """Return the row, held until the commit; where there is none it is made."""
    query = held_for_change(select(LedgerMark))
    found = db.session.scalar(query)
    if found is None:
        db.session.execute(insert(LedgerMark).values(id=1).on_conflict_do_nothing())
        found = db.session.scalars(query).one()
    return found


def _create(mark: LedgerMark, newest: int, gateway: Gateway, now: datetime, save: Save) -> None:
    """Make the object; the key is kept first, so a lost reply makes no second one."""
    mark.made_by = mark.made_by or _name()
    name = mark.made_by
    identity = this_installation().identity
    save()
    found = gateway.create_mark(identity, name, key=f"mark-{name}")
    mark = this_mark()
    mark.stripe_id, mark.made_by = found.id, None
    _confirm(mark, name, newest, now)
    save()


def _move(
    mark: LedgerMark, stripe_id: str, newest: int, gateway: Gateway, now: datetime, save: Save
) -> None:
    """Add a mark that the ledger knows already, and take away those that it knew before."""
    name, gone = _name(), list(mark.names)
    mark.names = [*gone, name][-MOST_NAMES:]
    save()
    try:
        found = gateway.write_mark(stripe_id, name, gone, at=now, key=f"mark-{name}")
    except Missing:
        _forget(stripe_id, save)
        return
    mark = this_mark()
    strangers = _strangers(mark, found)
    if strangers:
        _notice(strangers, now)
    else:
        _confirm(mark, name, newest, now)
    save()


def _compare(stripe_id: str, gateway: Gateway, now: datetime, save: Save) -> None:
    """Read the mark after a stop; where it is as the ledger knows, all goes on."""
    try:
        found = gateway.mark(stripe_id)
    except Missing:
        found = RemoteMark(stripe_id, frozenset(), is_deleted=True)
    if found.is_deleted:
        _forget(stripe_id, save)
    mark = this_mark()
    strangers = _strangers(mark, found)
    if strangers:
        _notice(strangers, now)
    elif open_restore() is None:
        mark.held_at = mark.held_why = None
        mark.alive_at = now
    save()


def _notice(strangers: frozenset[str], now: datetime) -> None:
    mark = this_mark()
    known = [one for one in (mark.confirmed_at, mark.alive_at) if one is not None]
    told = (
        "Stripe has a mark that this ledger never wrote: the ledger is older than it was, or "
        "a copy of it writes to the same account."
    )
    notice("mark", told, since=min(known, default=now), now=now)
    # It is known from now on: the next one too many is another one.
    mark.names = [*mark.names, *sorted(strangers)][-MOST_NAMES:]


def _strangers(mark: LedgerMark, found: RemoteMark) -> frozenset[str]:
    return found.names - set(mark.names)


def _confirm(mark: LedgerMark, name: str, newest: int, now: datetime) -> None:
    mark.names = [name]
    mark.step_id, mark.confirmed_at = newest, now


def _forget(stripe_id: str, save: Save) -> None:
    """Forget an object that somebody deleted; the next mark makes another."""
    log.warning("mark_deleted_at_stripe", stripe_id=stripe_id)
    mark = this_mark()
    mark.stripe_id, mark.names = None, []
    save()


def _name() -> str:
    return secrets.token_hex(8)
