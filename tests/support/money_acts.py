"""Adjusting and issuing bills, as tests of several rooms do it."""

from datetime import timedelta

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.close import seal_now
from dashboard.billing.correction_models import Correction
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.money import Money
from dashboard.transaction import transaction
from tests.factories import NOW, SUPPORT
from tests.support.stripe_acts import tell


def adjust(invoice, cents=-500, currency="usd", key="k", **more):
    wanted = {"reason": "Outage on Monday", "description": "Apology"} | more
    return add_adjustment(
        invoice, Money(cents, currency), key=key, actor=SUPPORT, now=NOW, **wanted
    )


def issue_at_stripe(
    invoice: Invoice, *, due: int, before: int, after: int, status: str = "open"
) -> Invoice:
    """Issue an invoice, the balance being so much before and after; return the next one."""
    with transaction():
        following = seal_now(invoice, now=invoice.period_end)
        facts = {"amount_due": due, "starting_balance": before, "ending_balance": after}
        invoice.stripe_invoice_id = f"in_{invoice.id}"
        tell(invoice, status, utc_now(), **facts)
    return following


def put_on_balance(
    invoice: Invoice, cents: int, *, after: timedelta = timedelta(0), status: str = "issued"
) -> None:
    """Keep a credit note of an issued invoice, so long after its issue, for the balance."""
    made = database.session.query(Correction).count()
    note = Correction(
        organization_id=invoice.organization_id, invoice_id=invoice.id, kind="credit_note",
        stripe_id=f"cn_{made}", status=status, amount_cents=cents, post_payment_cents=cents,
        balance_cents=cents, made_at=invoice.finalized_at + after,
    )  # fmt: skip
    database.session.add(note)
