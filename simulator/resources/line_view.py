"""How a line looks: the same row is an invoice's line item (il_…) and an invoice item (ii_…)."""

from __future__ import annotations

from decimal import Decimal

from simulator.engine.store import Record, Store
from simulator.resources.discounts import amounts, taken_off
from simulator.resources.taxation import Tax, taxes_of

# An invoice in a reply carries at most this many of its lines, whatever is asked for.
EMBEDDED = 10


def line_id(item_id: str) -> str:
    """Return the line item's id of an invoice item."""
    return "il_" + item_id.removeprefix("ii_")


def item_id(line: str) -> str:
    """Return the invoice item's id behind a line item; the argument must start with il_."""
    return "ii_" + line.removeprefix("il_")


def embedded_lines(store: Store, invoice: Record) -> Record:
    """Return the list object that sits in an invoice: the first ten lines and has_more."""
    items, taxes = store.all("invoiceitem"), taxes_of(store, invoice)
    listed = invoice["items"][:EMBEDDED]
    shown = [render_line(items[one], taxes.get(one), invoice) for one in listed]
    return {
        "object": "list",
        "data": shown,
        "has_more": len(invoice["items"]) > EMBEDDED,
        "url": f"/v1/invoices/{invoice['id']}/lines",
    }


def render_line(item: Record, tax: Tax | None = None, invoice: Record | None = None) -> Record:
    """Return the item as a line of its invoice, with its tax and what coupons take off."""
    off = [] if invoice is None or not taken_off(invoice, item) else amounts(invoice, [item])
    return {
        "id": line_id(item["id"]),
        "object": "line_item",
        "amount": item["amount"],
        "currency": item["currency"],
        "description": item["description"],
        "discount_amounts": off,
        "discountable": item["discountable"],
        "discounts": [],
        "invoice": item["invoice"],
        "livemode": False,
        "metadata": item["metadata"],
        "parent": _parent(item),
        "period": item["period"],
        "pretax_credit_amounts": [],
        "pricing": _pricing(item),
        "quantity": int(Decimal(item["quantity"])),
        "quantity_decimal": item["quantity"],
        "subtotal": item["amount"],
        "taxes": [] if tax is None else [tax.render()],
    }


def _parent(item: Record) -> Record:
    subscription, of_item = item.get("subscription"), item.get("subscription_item")
    details: Record = {
        "invoice_item": None if of_item else item["id"],
        "proration": subscription is not None and of_item is None,
        "proration_details": None,
        "subscription": subscription,
    }
    if of_item is None:
        return {
            "invoice_item_details": details,
            "subscription_item_details": None,
            "type": "invoice_item_details",
        }
    return {
        "invoice_item_details": None,
        "subscription_item_details": {**details, "subscription_item": of_item},
        "type": "subscription_item_details",
    }


def render_item(item: Record) -> Record:
    """Return the item as /v1/invoiceitems shows it."""
    return {
        "id": item["id"],
        "object": "invoiceitem",
        "amount": item["amount"],
        "currency": item["currency"],
        "customer": item["customer"],
        "customer_account": None,
        "date": item["created"],
        "description": item["description"],
        "discountable": item["discountable"],
        "discounts": [],
        "frozen_fields": None,
        "invoice": item["invoice"],
        "invoicing_rules": None,
        "livemode": False,
        "metadata": item["metadata"],
        "net_amount": item["amount"],
        "parent": None,
        "period": item["period"],
        "pricing": _pricing(item),
        "proration": False,
        "quantity": int(Decimal(item["quantity"])),
        "quantity_decimal": item["quantity"],
        "tax_rates": [],
        "test_clock": None,
    }


def _pricing(item: Record) -> Record | None:
    unit = item["unit_amount_decimal"]
    if unit is None:
        unit = str(item["amount"])
    details = {"price": item["price"], "product": item["product"]}
    return {"price_details": details, "type": "price_details", "unit_amount_decimal": unit}
