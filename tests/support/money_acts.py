"""Adjusting and issuing bills, as tests of several rooms do it."""

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
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
