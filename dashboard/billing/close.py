"""Closing an invoice: the next one opens at once, a grace for late usage, then the seal."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, select

from dashboard.audit.actor import SYSTEM, Actor
from dashboard.audit.models import AuditEntry
from dashboard.audit.write import write_entry
from dashboard.billing.closing_window import turn_of
from dashboard.billing.draft import rate_invoice
from dashboard.billing.finalize_order import AT_ONCE, finalize_rank
from dashboard.billing.fold import count_waiting
from dashboard.billing.habits import keep_habits
from dashboard.billing.locks import lock_invoice, lock_open
from dashboard.billing.models import Invoice
from dashboard.billing.period import whole_second
from dashboard.billing.policy import current_policy
from dashboard.billing.revision import touch
from dashboard.billing.stuck import is_to_be_tried, let_go
from dashboard.billing.subscription import go_alone, waits
from dashboard.billing.successor import open_next
from dashboard.billing.telling import tell_closing
from dashboard.errors import Conflict
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.rows import write_changes, write_new
from dashboard.statement import any_of


def close(invoice: Invoice, *, now: datetime) -> Invoice:
    """Close a draft whose period is over and return the next invoice, opened at its end.

    Safe to repeat: an invoice that is closed already returns its successor. The grace counts from
    now and not from the end of the period: usage gets all of it also when the clock was late.
    Raises `Conflict` before the end of the period.
    """
    invoice = lock_invoice(invoice.id)
    if invoice.status == "draft":
        if now < invoice.period_end:
            raise Conflict("The period is not over. Nothing was closed. Roll it early instead.")
        invoice.status = "closing"
        invoice.closing_at = now
        grace = timedelta(seconds=current_policy().closing_grace_seconds)
        invoice.seal_after_at = now + grace
        let_go(invoice, now=now)
        write_entry(
            "invoice.closed", invoice, SYSTEM, {"total_cents": invoice.total_cents}, now=now
        )
        db.session.flush()
        tell_closing(invoice, now=now)
    return open_next(invoice, now=now)


def seal(invoice_ids: Collection[int], *, now: datetime, wait: bool = True) -> list[Invoice]:
    """Seal those of these closing invoices whose grace is over; return the ones sealed now.

    Without `wait` those of organizations that somebody is changing are left for the next time.
    What was accepted until now is on them; from that commit on nothing changes their items, so the
    final sync races with nothing, and what is accepted meanwhile is late usage.
    """
    organizations = select(Invoice.organization_id).where(Invoice.id.in_(invoice_ids)).distinct()
    locked = lock_open(db.session.scalars(organizations).all(), wait=wait)
    sealed = [one for one in locked if one.id in invoice_ids and grace_is_over(one, now)]
    if sealed:
        count_waiting(locked, now=now)
    methods = _collection_methods(sealed)
    for invoice in sealed:
        invoice.status = "sealed"
        invoice.sealed_at = now
        total = Money(invoice.total_cents, invoice.currency)
        is_sent = methods[invoice.organization_id] == "send_invoice"
        invoice.finalize_rank = finalize_rank(total, is_sent=is_sent)
        invoice.finalize_after_at = later_turn(invoice, now)
        let_go(invoice, now=now)
        write_entry(
            "invoice.sealed", invoice, SYSTEM, {"total_cents": invoice.total_cents}, now=now
        )
    # Hundreds at a time, in the clock: a statement for all of these instead of one for each.
    write_changes(sealed)
    write_new(AuditEntry)
    keep_habits([invoice.id for invoice in sealed])
    return sealed


def later_turn(invoice: Invoice, now: datetime) -> datetime | None:
    """Return when the window of closes has its turn for a bill; None where it is at once."""
    policy = current_policy()
    if not policy.closing_window:
        return None
    turn = turn_of(
        invoice.organization_id,
        invoice.period_end,
        window=policy.closing_window,
        grace=policy.grace,
        issued_by_stripe_at=invoice.automatically_finalizes_at,
    )
    return turn if turn > now else None


def _collection_methods(invoices: Collection[Invoice]) -> dict[int, str]:
    if not invoices:
        return {}
    ids = {one.organization_id for one in invoices}
    query = select(Organization.id, Organization.collection_method)
    rows = db.session.execute(query.where(Organization.id == any_of(ids, BigInteger)))
    return {row[0]: row[1] for row in rows}


def grace_is_over(invoice: Invoice, now: datetime) -> bool:
    """Whether a closing invoice has waited long enough for late usage."""
    return invoice.status == "closing" and (invoice.seal_after_at or now) <= now


def seal_now(invoice: Invoice, *, now: datetime, by: Actor = SYSTEM) -> Invoice:
    """Seal an invoice wherever it stands, opening the next one when it was the current draft.

    A draft whose period runs on is cut at `now`: its fees are rated to there, and the rest of the
    nominal cycle is the next invoice's period. Returns the next invoice.
    """
    invoice = lock_invoice(invoice.id)
    if waits(invoice):
        # No invoice of a subscription comes for what ends in between.
        go_alone(invoice, "It was cut before the subscription renewed.", now=now)
    if invoice.status == "draft" and now < invoice.period_end:
        cut(invoice, now=now, by=by)
    if invoice.is_changeable:
        invoice.closing_at = invoice.closing_at or now
        invoice.status = "sealed"
        invoice.sealed_at = now
        invoice.finalize_rank = AT_ONCE
        db.session.flush()
        keep_habits([invoice.id])
        tell_closing(invoice, now=now)
    return open_next(invoice, now=now)


def cut(invoice: Invoice, *, now: datetime, by: Actor) -> None:
    """End the period of a locked draft at `now` and rate its items to there."""
    shorten(invoice, now=now)
    rate_invoice(invoice, now=now, by=by)
    touch(invoice, now=now)


def end_cycle(invoice: Invoice, end: datetime, *, now: datetime, by: Actor) -> None:
    """End the cycle of a locked draft at `end`, which is to come; its fees are a part of the whole.

    The invoice is rated to there first, while what was to come after it is still in its cycle.
    """
    cycle = invoice.cycle
    shorten(invoice, now=end)
    rate_invoice(invoice, now=now, by=by)
    cycle.whole_seconds = cycle.whole_seconds or cycle.period.seconds
    cycle.ends_at = invoice.period_end
    db.session.flush()
    touch(invoice, now=now)


def shorten(invoice: Invoice, *, now: datetime) -> None:
    """End the period of a draft at `now`, if it runs on; raises `Conflict` when it just began."""
    end = min(whole_second(now), invoice.period_end)
    if end <= invoice.period_start:
        raise Conflict(
            "The invoice's period has just begun. Nothing was changed. Wait a moment, then try "
            "again."
        )
    invoice.period_end = end


def due_to_seal(*, now: datetime, most: int) -> list[int]:
    """Return the ids of closing invoices whose grace is over, longest over first."""
    is_over = (Invoice.status == "closing") & (Invoice.seal_after_at <= now)
    query = select(Invoice.id).where(is_over, is_to_be_tried(now))
    return list(db.session.scalars(query.order_by(Invoice.seal_after_at).limit(most)))
