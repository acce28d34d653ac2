"""One writer per invoice: a row with an expiry, and a fence that each taking raises.

The lease is locked after its invoice's row and before whatever else a sync writes, whether that was
changed in memory earlier or not: so each of these begins a transaction's writing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    String,
    Update,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from dashboard.billing.locks import hold_invoice
from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.restores.held import LedgerIsHeld
from dashboard.restores.models import LedgerMark
from dashboard.statement import Statement, parameter
from dashboard.sync.models import SyncLease, SyncStep
from dashboard.transaction import once

# Longer than one call may take; renewed before each, so a killed worker is followed soon.
LEASE = timedelta(seconds=60)


class LeaseLost(Busy):
    """Another worker took the invoice over while this one stalled; it must not go on."""

    code = "lease_lost"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one invoice at Stripe until somebody takes a higher fence."""

    invoice_id: int
    owner: str
    fence: int


def take(invoice_id: int, *, owner: str, now: datetime) -> tuple[Lease, bool]:
    """Return the lease of an invoice, and whether a call of an earlier holder has no outcome.

    Raises `Busy` while another holder's has not expired, and while the ledger is held: whoever
    calls Stripe about an invoice comes by here.
    """
    hold_invoice(invoice_id)
    found = _TAKE.row(invoice=invoice_id, owner=owner, now=now, until=now + LEASE)
    if found is None:
        raise Busy("Another sync of this invoice is in progress. This one runs after it.")
    fence, has_open_steps, why_held = found
    if why_held is not None:
        # The caller undoes what it has not committed, so the lease is free again.
        raise LedgerIsHeld(why_held)
    return Lease(invoice_id, owner, fence), has_open_steps


def extend(lease: Lease, *, now: datetime) -> None:
    """Renew the lease in the present transaction; raises `LeaseLost` when it was taken over.

    And once the ledger is held: a reply that comes then is doubted, as every call without one is.

    Once in each: from then on the row is held, and nobody takes it over before the commit.
    """
    once(lease, lambda: _update(lease, _RENEW, until=now + LEASE))


def release(lease: Lease) -> None:
    """Give the lease back; raises `LeaseLost` when it was taken over."""
    _update(lease, _RELEASE)


def release_all_of(owner: str) -> int:
    """Free every lease of an owner who is known to be dead; return how many it held."""
    statement = update(SyncLease).where(SyncLease.owner == owner)
    freed = statement.values(expires_at=None, owner=None).returning(SyncLease.invoice_id)
    return len(db.session.scalars(freed).all())


def _update(lease: Lease, statement: Statement, **values: object) -> None:
    hold_invoice(lease.invoice_id)
    # Past the session: it would first write what is changed in it, and take those locks earlier.
    if statement.row(invoice=lease.invoice_id, fence=lease.fence, **values) is None:
        raise LeaseLost(
            "Another worker took over this sync, or the ledger is held. Nothing more was sent "
            "from here."
        )


def _held(*wanted: ColumnElement[bool], **values: object) -> Update:
    is_held = (SyncLease.invoice_id == _INVOICE) & (SyncLease.fence == _FENCE)
    return update(SyncLease).where(is_held, *wanted).values(**values).returning(SyncLease.fence)


_INSTANT = DateTime(timezone=True)
_INVOICE, _FENCE = parameter("invoice", BigInteger), parameter("fence", BigInteger)
_OWNER, _UNTIL = parameter("owner", String), parameter("until", _INSTANT)
_LEDGER_HELD = select(LedgerMark.id).where(LedgerMark.held_at.is_not(None)).exists()
_RENEW = Statement(_held(~_LEDGER_HELD, expires_at=_UNTIL))
_RELEASE = Statement(_held(expires_at=null(), owner=null()))
# Asked with the invoice held already: only who holds it writes its steps.
_OPEN_STEPS = select(SyncStep.id).where(SyncStep.invoice_id == _INVOICE, SyncStep.outcome.is_(None))
_WHY_HELD = (
    select(func.coalesce(LedgerMark.held_why, literal_column("''")))
    .where(LedgerMark.held_at.is_not(None))
    .scalar_subquery()
)
_TAKE = Statement(
    insert(SyncLease)
    .values(invoice_id=_INVOICE, fence=1, owner=_OWNER, expires_at=_UNTIL)
    .on_conflict_do_update(
        index_elements=[SyncLease.invoice_id],
        set_={"fence": SyncLease.fence + 1, "owner": _OWNER, "expires_at": _UNTIL},
        where=or_(
            SyncLease.expires_at.is_(None), SyncLease.expires_at <= parameter("now", _INSTANT)
        ),
    )
    .returning(SyncLease.fence, _OPEN_STEPS.exists(), _WHY_HELD)
)
