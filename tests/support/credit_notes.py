"""Credit notes in a test: planned by support, told by Stripe."""

import pytest

from dashboard.billing.corrections import keep_correction, keep_payments
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_notes import (
    WantedNote,
    follow_note,
    plan_note,
)
from dashboard.billing.draft import current_invoice
from dashboard.billing.mailing import mail_note
from dashboard.billing.models import Invoice
from dashboard.extensions import db as database
from dashboard.gateway.records import RemoteCorrection, RemotePayment
from dashboard.installation import this_installation
from dashboard.organizations.models import Organization
from tests.factories import SUPPORT
from tests.support.stripe_acts import tell
from tests.support.void_cases import (
    LATER,
    first_of,
)


@pytest.fixture
def issued(organization: Organization) -> Invoice:
    """The first invoice of 25.61, cut early and issued; 4.39 of its month are on the next."""
    first = first_of(organization)
    tell(first, "open", LATER)
    database.session.commit()
    return first


def wanted(invoice: Invoice, cents: int, **others) -> WantedNote:
    """Return a note over the invoice's one item."""
    [item] = invoice.items
    return WantedNote({item.id: cents}, **{"reason": "Outage", **others})


def plan(invoice: Invoice, cents: int, *, key: str = "k", **others) -> CreditNote:
    return plan_note(invoice, wanted(invoice, cents, **others), key=key, actor=SUPPORT, now=LATER)


def told(note: CreditNote, status: str = "issued", /, **facts) -> RemoteCorrection:
    """Return what Stripe shows of a note."""
    values = {
        "kind": "credit_note",
        "id": f"cn_{note.id}",
        "status": status,
        "amount_cents": note.amount_cents,
        "reason": None,
        "made_at": LATER,
        "stripe_invoice_id": note.invoice.stripe_invoice_id,
        "pre_payment_cents": note.amount_cents - note.back_cents,
        "post_payment_cents": note.back_cents,
        "note": str(note.id),
        "installation": this_installation().identity,
    }
    return RemoteCorrection(**values | facts)


def hear(note: CreditNote, status: str = "issued", /, **facts) -> None:
    """Let Stripe tell of it, by a reply or an event."""
    remote = told(note, status, **facts)
    kept = keep_correction(note.invoice, remote)
    follow_note(note.invoice, remote, kept.row.status, now=LATER)
    mail_note(note.invoice, kept.row, now=LATER)


def current_cents(organization: Organization) -> int:
    return current_invoice(organization).total_cents


def pay(invoice: Invoice, intent: str = "pi_1") -> None:
    """A card pays all of it."""
    tell(invoice, "paid", LATER)
    payment = RemotePayment(
        id=f"inpay_{intent}", stripe_invoice_id=str(invoice.stripe_invoice_id), status="paid",
        paid_by=intent, off_stripe=False, amount_paid_cents=invoice.total_cents,
    )  # fmt: skip
    keep_payments(invoice, [payment])


def told_refund(cents: int) -> RemoteCorrection:
    return RemoteCorrection(
        kind="refund", id="re_1", status="succeeded", amount_cents=cents, reason=None,
        made_at=LATER, paid_by="pi_1",
    )  # fmt: skip
