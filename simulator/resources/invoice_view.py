"""How an invoice looks in Stripe's replies and events."""

from __future__ import annotations

from simulator.engine.store import Record, Store
from simulator.resources.discounts import amounts, names, taken_off
from simulator.resources.line_view import embedded_lines
from simulator.resources.taxation import on_top, status_of, summed, taxes_of, within

# Fields that are the same on every invoice here: no shipping, no Connect.
CONSTANT: Record = {
    "object": "invoice",
    "account_country": "US",
    "account_name": "Stripe simulator",
    "account_tax_ids": None,
    "amount_overpaid": 0,
    "amount_shipping": 0,
    "application": None,
    "customer_account": None,
    "customer_phone": None,
    "customer_shipping": None,
    "default_source": None,
    "default_tax_rates": [],
    "issuer": {"type": "self"},
    "livemode": False,
    "on_behalf_of": None,
    "receipt_number": None,
    "shipping_cost": None,
    "shipping_details": None,
    "test_clock": None,
    "total_pretax_credit_amounts": [],
    "webhooks_delivered_at": None,
}
# Fields that the row holds under the name that Stripe shows.
STORED = (
    "id", "amount_paid", "attempt_count", "attempted", "auto_advance", "automatically_finalizes_at",
    "billing_reason", "collection_method", "created", "currency", "custom_fields", "customer",
    "customer_address", "customer_email", "customer_name", "default_payment_method", "description",
    "due_date", "effective_at", "ending_balance", "footer", "last_finalization_error", "metadata",
    "next_payment_attempt", "number", "payment_settings", "period_end", "period_start",
    "post_payment_credit_notes_amount", "pre_payment_credit_notes_amount", "rendering",
    "starting_balance", "statement_descriptor", "status", "status_details", "status_transitions",
)  # fmt: skip


def customer_of(customer: Record) -> Record:
    """Return whom an invoice is made out to: as it is now, until that is kept on finalization."""
    told = {f"customer_{name}": customer[name] for name in ("address", "email", "name")}
    told["customer_tax_exempt"] = customer["tax_exempt"]
    return told | {"customer_tax_ids": list(customer.get("tax_ids", []))}


def render_invoice(store: Store, invoice: Record, public_url: str) -> Record:
    """Return the whole invoice with its first ten lines."""
    shown = render_terms(store, invoice, public_url)
    shown["lines"] = embedded_lines(store, invoice)
    return shown


def render_terms(store: Store, invoice: Record, public_url: str) -> Record:
    """Return everything about the invoice but its lines."""
    taxes, items = taxes_of(store, invoice), store.all("invoiceitem")
    listed = [items[one] for one in invoice["items"]]
    total = total_of(store, invoice)
    with_tax, net = total + on_top(taxes.values()), total - within(taxes.values())
    due = amount_due(invoice, with_tax)
    page = f"{public_url}/i/{invoice['token']}" if invoice["number"] else None
    shown = {name: invoice[name] for name in STORED}
    # Not on rows that were kept before there were tax ids.
    shown["customer_tax_ids"] = invoice.get("customer_tax_ids", [])
    shown["customer_tax_exempt"] = invoice.get("customer_tax_exempt", "none")
    if invoice["status"] == "draft":
        shown |= customer_of(store.all("customer")[invoice["customer"]])
    shown["metadata"] = dict(invoice["metadata"])
    shown["status_transitions"] = dict(invoice["status_transitions"])
    return {
        **CONSTANT,
        **shown,
        "amount_due": due,
        "discounts": names(invoice),
        "total_discount_amounts": amounts(invoice, listed),
        "amount_remaining": max(0, due - invoice["amount_paid"]),
        # Rows that were kept before revisions came have neither.
        "parent": _parent(invoice),
        "from_invoice": invoice.get("from_invoice"),
        "latest_revision": invoice.get("latest_revision"),
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": bool(invoice.get("automatic_tax")),
            "liability": {"type": "self"} if invoice.get("automatic_tax") else None,
            "provider": "stripe" if invoice.get("automatic_tax") else None,
            "status": status_of(store, invoice),
        },
        "hosted_invoice_url": page,
        "invoice_pdf": f"{page}/pdf" if page else None,
        "subtotal": sum(int(one["amount"]) for one in listed),
        "subtotal_excluding_tax": net,
        "total": with_tax,
        "total_excluding_tax": net,
        "total_taxes": summed(taxes.values()),
    }


def total_with_tax(store: Store, invoice: Record) -> int:
    """Return what the invoice asks for: its lines, and the tax on top of them."""
    return total_of(store, invoice) + on_top(taxes_of(store, invoice).values())


def _parent(invoice: Record) -> Record | None:
    # Rows that were kept before there were subscriptions have none.
    if invoice.get("subscription") is None:
        return None
    return {
        "quote_details": None,
        "subscription_details": {
            "metadata": dict(invoice["subscription_metadata"]),
            "subscription": invoice["subscription"],
        },
        "type": "subscription_details",
    }


def total_of(store: Store, invoice: Record) -> int:
    """Return the sum of the lines in minor units, less what coupons take off."""
    items = store.all("invoiceitem")
    listed = [items[one] for one in invoice["items"]]
    return sum(int(one["amount"]) - taken_off(invoice, one) for one in listed)


def amount_due(invoice: Record, total: int) -> int:
    """Return what is due: a draft's running total, afterwards what finalization fixed."""
    if invoice["amount_due"] is None:
        return max(0, total)
    return int(invoice["amount_due"]) - int(invoice["pre_payment_credit_notes_amount"])


def difference(before: Record, after: Record) -> Record:
    """Return the previous values of what changed, metadata key by key, as `previous_attributes`."""
    previous = {name: value for name, value in before.items() if after.get(name) != value}
    if "metadata" in previous:
        old, new = before["metadata"], after["metadata"]
        changed = {key for key in {*old, *new} if old.get(key) != new.get(key)}
        previous["metadata"] = {key: old.get(key) for key in sorted(changed)}
    return previous
