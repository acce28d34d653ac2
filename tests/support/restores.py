"""A ledger that was put back to an earlier moment, and what is done about it, in a test."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.draft import current_invoice
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.installation import this_installation
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.restores.look import findings_of, look_back
from dashboard.restores.mark import keep_mark
from dashboard.restores.mark_row import this_mark
from dashboard.restores.models import LedgerMark, Restore
from dashboard.restores.notice import notice
from dashboard.restores.release import last_restore, release
from dashboard.transaction import checkpoint, transaction
from tests.factories import SUPPORT
from tests.support.syncing import Syncer


def keep(syncer: Syncer, now: datetime | None = None) -> None:
    keep_mark(gateway=syncer.gateway, now=now or utc_now(), checkpoint=checkpoint)
    database.session.expire_all()


def charge_and_sync(acme: Organization, syncer: Syncer, cents: int) -> None:
    with transaction():
        add_adjustment(
            current_invoice(acme), Money(cents, "usd"), reason="Agreed",
            description=f"Of {cents}", actor=SUPPORT, now=utc_now(), key=f"more-{cents}",
        )  # fmt: skip
    syncer.sync(current_invoice(acme))


def row() -> dict[str, Any]:
    database.session.expire_all()
    found = database.session.scalars(select(LedgerMark)).one()
    columns = (
        "history", "stripe_id", "names", "pending", "step_id", "confirmed_at", "alive_at",
    )  # fmt: skip
    values = {name: getattr(found, name) for name in columns}
    database.session.rollback()
    return values


def put_back(values: dict[str, Any]) -> None:
    """Make the row what it was, as a restored ledger has it."""
    with transaction():
        mark = database.session.scalars(select(LedgerMark)).one()
        for name, value in values.items():
            setattr(mark, name, value)


def one_mark_ago(acme: Organization, syncer: Syncer) -> dict[str, Any]:
    """Put the ledger's row back to before its last mark at Stripe; return what it is then."""
    keep(syncer)
    before = row()
    charge_and_sync(acme, syncer, 700)
    keep(syncer)
    put_back(before)
    return before


def restored(since: datetime, kind: str = "asked") -> Restore:
    """Say that the ledger was restored to that moment."""
    with transaction():
        this_mark()
        # What was heard since was put back as well.
        this_installation().events_read_until = since
        return notice(kind, "It was restored.", since=since, now=utc_now())


def look(syncer: Syncer, reads: int = 50) -> list[tuple[str, str]]:
    look_back(gateway=syncer.gateway, reads=reads, now=utc_now(), checkpoint=checkpoint)
    database.session.expire_all()
    restore = last_restore()
    assert restore is not None
    return [(one.kind, one.told) for one in findings_of(restore)]


def let_go(reason: str | None = None) -> None:
    restore = last_restore()
    assert restore is not None
    with transaction():
        release(restore.id, actor=SUPPORT, now=utc_now(), reason=reason, checkpoint=checkpoint)
