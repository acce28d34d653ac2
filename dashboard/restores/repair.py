"""Put right what was found after a restore, as far as that can be done here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.identity import is_this
from dashboard.billing.locks import for_change, lock_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.subscription import know_again
from dashboard.errors import Conflict, NotFound
from dashboard.extensions import db
from dashboard.gateway.errors import Missing, NotEditable
from dashboard.gateway.protocol import Gateway
from dashboard.ids import read_id
from dashboard.installation import this_installation
from dashboard.organizations.models import Organization
from dashboard.restores.compare import is_its_customer, of_invoices
from dashboard.restores.finding import KINDS
from dashboard.restores.models import Restore, RestoreFinding, held_for_change


def ask_repair(finding_id: int, *, actor: Actor, now: datetime) -> RestoreFinding:
    """Put on record that a person wants it put right, and return it; a worker does it.

    Raises `NotFound`, and `Conflict` for what is put right already or cannot be here.
    """
    query = select(RestoreFinding).where(RestoreFinding.id == finding_id)
    finding = db.session.scalars(held_for_change(query)).one_or_none()
    if finding is None or finding.kind not in KINDS:
        raise NotFound("There is no such difference. Nothing was changed. Reload the page.")
    restore = db.session.get_one(Restore, finding.restore_id)
    if finding.settled_at is not None or restore.released_at is not None:
        raise Conflict("This is put right already. Nothing was changed. Reload the page.")
    if KINDS[finding.kind].repair not in ("take_over", "delete"):
        raise Conflict(
            "This is not put right here. Nothing was changed. Do what it says beside it."
        )
    if finding.asked_at is None:
        finding.asked_at = now
        facts = {"finding": finding.told, "repair": KINDS[finding.kind].action}
        write_entry("ledger.repair_asked", finding, actor, facts, now=now)
    return finding


def repair(
    finding_id: int, *, gateway: Gateway, now: datetime, checkpoint: Callable[[], None]
) -> None:
    """Put right what a person asked for, as Stripe has it now. Safe to repeat.

    What is no longer as it was found stays for the next look. Raises `GatewayError`.
    """
    finding = db.session.get(RestoreFinding, finding_id, populate_existing=True)
    if finding is None or finding.settled_at is not None or finding.asked_at is None:
        return
    kind, stripe_id = finding.kind, finding.stripe_id
    checkpoint()
    if kind == "customer":
        is_done = _take_customer(stripe_id, gateway)
    elif kind == "draft":
        is_done = _take_draft(stripe_id, gateway, now)
    else:
        is_done = _delete_draft(stripe_id, gateway, checkpoint)
    query = select(RestoreFinding).where(RestoreFinding.id == finding_id)
    finding = db.session.scalars(held_for_change(query)).one_or_none()
    if finding is not None and finding.settled_at is None:
        finding.settled_at, finding.asked_at = (now, finding.asked_at) if is_done else (None, None)
    checkpoint()


def asked() -> list[int]:
    """Return the ids of what a person asked for and no worker has done."""
    query = select(RestoreFinding.id).where(
        RestoreFinding.asked_at.is_not(None), RestoreFinding.settled_at.is_(None)
    )
    # Customers come first: a draft is taken over only with its own.
    return list(db.session.scalars(query.order_by(RestoreFinding.kind, RestoreFinding.id)))


def _take_customer(stripe_id: str, gateway: Gateway) -> bool:
    try:
        remote = gateway.customer(stripe_id)
    except Missing:
        return True
    if remote.is_deleted:
        return True
    number = read_id(remote.organization or "")
    own = select(Organization).where(Organization.id == number)
    organization = db.session.scalars(for_change(own, of=Organization)).one_or_none()
    if organization is None:
        return False
    if organization.stripe_customer_id == remote.id:
        return True
    if not is_its_customer(organization, remote):
        return False
    organization.stripe_customer_id = remote.id
    return True


def _take_draft(stripe_id: str, gateway: Gateway, now: datetime) -> bool:
    try:
        remote = gateway.invoice(stripe_id)
    except Missing:
        return True
    number = read_id(remote.invoice or "")
    if number is None or db.session.get(Invoice, number) is None:
        return False
    invoice = lock_invoice(number)
    if invoice.stripe_invoice_id == stripe_id:
        return True
    # Its customer must be taken over first: the number alone may have been another's.
    if remote.status != "draft" or not is_this(invoice, remote):
        return False
    invoice.stripe_invoice_id, invoice.stripe_status = remote.id, remote.status
    invoice.automatically_finalizes_at = remote.automatically_finalizes_at
    know_again(invoice, remote)
    invoice.needs_verification = True
    invoice.next_sync_at = now
    return True


def _delete_draft(stripe_id: str, gateway: Gateway, checkpoint: Callable[[], None]) -> bool:
    """Delete a draft of ours that the ledger does not have; what is anything else by now stays."""
    try:
        remote = gateway.invoice(stripe_id)
        found = [one.kind for one in of_invoices([remote])]
        if remote.installation != this_installation().identity or found != ["lost_draft"]:
            return False
        checkpoint()
        gateway.delete_draft(stripe_id)
    except Missing:
        return True
    except NotEditable:
        return False
    return True
