"""Refunds: planned by a person, made by a worker or refused, told by Stripe, settled."""

from __future__ import annotations

from sqlalchemy import select

from dashboard.approvals.propose import Wanted
from dashboard.billing.correction_models import Correction
from dashboard.billing.corrections import keep_payments
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import record_reading
from dashboard.billing.refund_models import Refund
from dashboard.billing.refund_room import refund_room_of
from dashboard.billing.refunds import WantedRefund, plan_refund
from dashboard.billing.settle import settle
from dashboard.extensions import db
from dashboard.installation import this_installation
from dashboard.money import Money
from dashboard.sync.make_refunds import make_refund
from dashboard.transaction import checkpoint
from dashboard.webhooks.process import process
from tests.factories import SUPPORT
from tests.locks.four_eyes import approved
from tests.locks.stage import Stage
from tests.locks.told import arrived, issue


def refund(stage: Stage) -> Refund:
    """Refund a cent of a paid invoice, and have that made."""
    return _make(stage, _planned(stage, _paid(stage)))


def refund_in_vain(stage: Stage) -> None:
    """Refund what somebody has refunded at Stripe meanwhile."""
    row = _planned(stage, _paid(stage))
    _ask(stage, "/v1/refunds", payment_intent=row.paid_by)
    _make(stage, row)


def approve_a_refund(stage: Stage) -> None:
    """Approve that a paid invoice is refunded."""
    invoice = _paid(stage)
    terms = {
        "sequence": invoice.sequence,
        "payment": _payment_of(invoice),
        "cents": 1,
        "purpose": "goodwill",
        "description": "",
    }
    subject = f"invoice:{invoice.sequence}"
    approved(stage, Wanted("refund", subject, Money(-1, "usd"), terms, "Asked"))


def hear_of_our_refund(stage: Stage) -> None:
    """Let Stripe tell of a refund before its worker does, and that it failed."""
    invoice = _paid(stage)
    _fail(stage, _planned(stage, invoice))


def settle_a_refund(stage: Stage) -> None:
    """Settle a refund that failed in another way."""
    row = _planned(stage, _paid(stage))
    stripe_id = _fail(stage, row)
    checkpoint()
    query = select(Correction).where(Correction.stripe_id == stripe_id)
    found = db.session.scalars(query).one()
    settle(found, how="returned", reason="Transferred", actor=SUPPORT, now=stage.now())


def _paid(stage: Stage) -> Invoice:
    """Return an invoice that was issued just now and that a card paid."""
    invoice = issue(stage)
    if invoice.status != "open":
        return invoice
    stripe_id = str(invoice.stripe_invoice_id)
    _ask(stage, f"/v1/invoices/{stripe_id}/pay", payment_method="pm_card_visa")
    found = stage.gateway.invoice(stripe_id)
    invoice = lock_invoice(invoice.id)
    record_reading(invoice, found, now=stage.now())
    keep_payments(invoice, found.payments)
    checkpoint()
    return invoice


def _payment_of(invoice: Invoice) -> str:
    return next(iter(refund_room_of(invoice).refundable)).id


def _planned(stage: Stage, invoice: Invoice) -> Refund:
    wanted = WantedRefund(_payment_of(invoice), 1, "goodwill", "Asked")
    key = f"refund-{stage.number()}"
    row = plan_refund(invoice, wanted, key=key, actor=SUPPORT, now=stage.now())
    checkpoint()
    return row


def _make(stage: Stage, row: Refund) -> Refund:
    with stage.work_on(row.invoice) as work:
        make_refund(row, work)
    return row


def _fail(stage: Stage, row: Refund) -> str:
    stripe_id = f"re_{stage.number()}"
    facts = {
        "id": stripe_id,
        "object": "refund",
        "status": "failed",
        "amount": row.amount_cents,
        "payment_intent": row.paid_by,
        "metadata": {
            "dashboard_installation": this_installation().identity,
            "dashboard_refund": str(row.id),
        },
    }
    event_id = arrived(stage, "refund.failed", facts, row.invoice)
    process(event_id, gateway=stage.gateway, checkpoint=checkpoint, now=stage.now())
    return stripe_id


def _ask(stage: Stage, path: str, **sent: str) -> None:
    """Make a call of somebody else's."""
    stage.gateway._client.raw_request("post", path, **sent)  # type: ignore[attr-defined]
