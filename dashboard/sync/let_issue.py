"""Let a bill be issued that waits for people: approve its total, or release what is held."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.locks import lock_invoice, lock_invoices
from dashboard.billing.models import FINALIZED, Adjustment, Invoice
from dashboard.billing.outcome import take_off_hold
from dashboard.closing.bill_models import BillApproval
from dashboard.closing.hold import end_hold
from dashboard.closing.people import APPROVAL_WANTED, HELD_BY_PERSON, approved_at, open_hold
from dashboard.errors import Conflict, Forbidden, Stale
from dashboard.extensions import db
from dashboard.pricing.exact import major_text
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, request_sync


def approve_bill(
    invoice: Invoice,
    *,
    total_cents: int,
    reason: str,
    actor: Actor,
    now: datetime,
    four_eyes: bool = False,
) -> SyncRun | None:
    """Let a bill above the limit be issued at exactly `total_cents` before tax; once.

    Return the run that issues it, for the caller to hand on after the commit; None where it was
    approved at that total before. With `four_eyes` no one approves what they charged or credited
    themselves. Raises `Forbidden`, `Stale` for another total, `Conflict` where it waits for none.
    """
    if actor.kind != "user" or actor.id is None:
        raise Forbidden("Only a person can approve a bill. Nothing was approved. Sign in to do it.")
    invoice = lock_invoice(invoice.id)
    if approved_at(invoice.id, total_cents) is not None and invoice.total_cents == total_cents:
        return None
    if invoice.status != "sealed" or invoice.parked_code != APPROVAL_WANTED:
        raise Conflict(
            f"I{invoice.called[1:]} does not wait for an approval. Nothing was changed. Reload the "
            "page."
        )
    if invoice.total_cents != total_cents:
        now_at = major_text(Decimal(invoice.total_cents), invoice.currency)
        raise Stale(
            f"The bill comes to {now_at} now. Nothing was approved. Look at it, then approve that."
        )
    if four_eyes and _charged_here(invoice.id, actor.id):
        raise Forbidden(
            "You charged or credited on this bill. Nothing was approved. Ask another person."
        )
    made = BillApproval(
        invoice_id=invoice.id,
        total_cents=total_cents,
        reason=reason.strip(),
        approved_at=now,
        approved_by=actor.label,
    )
    db.session.add(made)
    facts = {"sequence": invoice.sequence, "cents": total_cents, "currency": invoice.currency}
    write_entry("invoice.approved", invoice, actor, facts, reason=reason.strip(), now=now)
    take_off_hold(invoice, now=now, actor=actor)
    return request_sync(invoice, Request("final", actor, verify=True), now=now)


def release_bill(
    invoice: Invoice, *, reason: str | None, actor: Actor, now: datetime
) -> SyncRun | None:
    """Release what a person holds; one that is not held changes nothing.

    Return the run that issues it where it waited for that alone, as `approve_bill` does. Raises
    `Forbidden` for a program that would release what another, or a person, holds.
    """
    return next(iter(release_bills([invoice], reason=reason, actor=actor, now=now)), None)


def release_bills(
    invoices: Collection[Invoice], *, reason: str | None, actor: Actor, now: datetime
) -> list[SyncRun]:
    """Release several, all locked before the first run: see `release_bill`."""
    locked = lock_invoices([one.id for one in invoices])
    runs = [_release(one, reason=reason, actor=actor, now=now) for one in locked]
    return [run for run in runs if run is not None]


def _release(
    invoice: Invoice, *, reason: str | None, actor: Actor, now: datetime
) -> SyncRun | None:
    held = open_hold(invoice.id)
    if held is not None and actor.kind == "token" and held.held_by != actor.label:
        raise Forbidden(
            f"{held.held_by} holds it. Nothing was released. A person releases it on its page."
        )
    if not end_hold(invoice, reason=reason, actor=actor, now=now):
        return None
    if invoice.parked_code != HELD_BY_PERSON or invoice.status in FINALIZED:
        return None
    take_off_hold(invoice, now=now, actor=actor)
    return request_sync(invoice, Request("final", actor, verify=True), now=now)


def _charged_here(invoice_id: int, user_id: int) -> bool:
    query = select(Adjustment.id).where(
        Adjustment.invoice_id == invoice_id,
        Adjustment.actor_kind == "user",
        Adjustment.actor_id == user_id,
    )
    return db.session.scalar(select(query.exists())) or False
