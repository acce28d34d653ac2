"""Refunds in a test: planned by support, told by Stripe."""

from __future__ import annotations

import pytest

from dashboard.billing.corrections import keep_correction, keep_payments
from dashboard.billing.models import Invoice
from dashboard.billing.refund_models import Refund
from dashboard.billing.refunds import WantedRefund, follow_refund, plan_refund
from dashboard.extensions import db as database
from dashboard.gateway.records import RemoteCorrection, RemotePayment
from dashboard.installation import this_installation
from tests.factories import SUPPORT
from tests.support.credit_notes import pay
from tests.support.void_cases import LATER

# What `tests.support.credit_notes.pay` pays with.
PAYMENT = "inpay_pi_1"


@pytest.fixture
def paid(issued: Invoice) -> Invoice:
    """The invoice of 25.61, paid by one card."""
    pay(issued)
    issued.amount_paid_cents = 2561
    database.session.commit()
    return issued


def refund(invoice: Invoice, cents: int, *, key: str = "k", **others) -> Refund:
    """Plan a refund to the invoice's payment."""
    facts = {"payment": PAYMENT, "purpose": "goodwill", "reason": "Ticket 4711"} | others
    wanted = WantedRefund(amount_cents=cents, **facts)
    return plan_refund(invoice, wanted, key=key, actor=SUPPORT, now=LATER)


def told_of(row: Refund, status: str = "succeeded", /, **facts) -> RemoteCorrection:
    """Return what Stripe shows of a refund that was made here."""
    values = {
        "kind": "refund",
        "id": f"re_{row.id}",
        "status": status,
        "amount_cents": row.amount_cents,
        "reason": None,
        "made_at": LATER,
        "paid_by": row.paid_by,
        "refund": str(row.id),
        "installation": this_installation().identity,
    }
    return RemoteCorrection(**values | facts)


def theirs(cents: int, number: int = 1, /, **facts) -> RemoteCorrection:
    """Return what Stripe shows of a refund that somebody made there."""
    values = {
        "kind": "refund", "id": f"re_theirs_{number}", "status": "succeeded", "reason": None,
        "amount_cents": cents, "made_at": LATER, "paid_by": "pi_1",
    }  # fmt: skip
    return RemoteCorrection(**values | facts)


def disputed(status: str, cents: int, /, **facts) -> RemoteCorrection:
    """Return what Stripe shows of a dispute over the payment."""
    values = {
        "kind": "dispute", "id": "du_1", "status": status, "reason": "fraudulent",
        "amount_cents": cents, "made_at": LATER, "paid_by": "pi_1",
    }  # fmt: skip
    return RemoteCorrection(**values | facts)


def hear_refund(row: Refund, status: str = "succeeded", /, **facts) -> None:
    """Let Stripe tell of it, by a reply or an event."""
    remote = told_of(row, status, **facts)
    keep_correction(row.invoice, remote)
    follow_refund(row.invoice, remote, now=LATER)


def pay_also(invoice: Invoice, cents: int, by: str | None, **facts) -> None:
    """Keep another payment of the invoice."""
    values = {
        "id": f"inpay_{by}", "stripe_invoice_id": str(invoice.stripe_invoice_id), "status": "paid",
        "paid_by": by, "off_stripe": False, "amount_paid_cents": cents,
    }  # fmt: skip
    keep_payments(invoice, [RemotePayment(**values | facts)])
