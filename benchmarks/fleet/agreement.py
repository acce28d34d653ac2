"""Whether Stripe bills what the ledger says: every line of every invoice, compared from outside.

It shares nothing with the engine's own comparison but the gateway that reads the lines.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from sqlalchemy import select

from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.subscription import on_theirs, waits
from dashboard.extensions import db
from dashboard.gateway.stripe import StripeGateway


def disagreements(gateway: StripeGateway) -> list[str]:
    """Return a sentence for each invoice that Stripe has otherwise; every invoice is read."""
    ledger = _ledger()
    found = []
    for invoice in db.session.scalars(select(Invoice).order_by(Invoice.id)):
        if waits(invoice) and invoice.stripe_invoice_id is None:
            # Its items go to Stripe when the subscription renews.
            continue
        theirs = _stripe(gateway, invoice)
        if on_theirs(invoice):
            # What the subscription bills on it bears no key of ours.
            foreign = [key for key in theirs if key.startswith("foreign ")]
            for key in foreign:
                del theirs[key]
        ours = ledger[invoice.id]
        if theirs != ours:
            keys = sorted(key for key in {*ours, *theirs} if ours[key] != theirs[key])
            sides = ", ".join(f"{key}: {ours[key]} here, {theirs[key]} there" for key in keys)
            found.append(f"Invoice {invoice.id} ({invoice.status}) differs: {sides}")
        elif sum(ours.values()) != invoice.total_cents:
            found.append(f"Invoice {invoice.id}'s total is not the sum of its items.")
    db.session.rollback()
    return found


def _ledger() -> defaultdict[int, Counter[str]]:
    """Return cents by key of each invoice, without what was carried on to the next one."""
    cents: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for item in db.session.scalars(select(InvoiceItem)):
        cents[item.invoice_id][item.key] = item.amount_cents - item.carried_cents
    return cents


def _stripe(gateway: StripeGateway, invoice: Invoice) -> Counter[str]:
    """Return cents by key as Stripe has them; a key that is there twice counts twice."""
    found: Counter[str] = Counter()
    if invoice.stripe_invoice_id is not None:
        for line in gateway.lines(invoice.stripe_invoice_id):
            found[line.key or f"foreign {line.id}"] += line.amount_cents
    return found
