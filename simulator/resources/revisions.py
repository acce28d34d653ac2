"""Edit invoice: a draft copy of a finalized one that replaces it, and voids it, once finalized."""

from __future__ import annotations

from simulator.engine.errors import invalid, missing
from simulator.engine.state import Call
from simulator.engine.store import Record, new_id
from simulator.resources.customers import find_customer
from simulator.resources.invoice_terms import TERMS, apply_terms, blank
from simulator.resources.payment import void_invoice

# Dates and numbers are the new invoice's own.
_NOT_COPIED = ("number", "due_date", "effective_at", "auto_advance")


def revision_of(call: Call) -> Record:
    """Return the row of a new draft that copies the invoice named by `from_invoice`.

    Lines and metadata are copied, credit notes and pending items are not.
    """
    original = _revisable(call, call.params["from_invoice"]["invoice"])
    if call.params.get("customer") not in (None, original["customer"]):
        raise invalid("A revision is for the same customer.", param="customer")
    invoice = blank(call, find_customer(call.store, original["customer"]))
    copied = {name: original[name] for name in TERMS if name not in _NOT_COPIED}
    invoice |= copied | {
        "currency": original["currency"],
        "metadata": dict(original["metadata"]),
        "from_invoice": {"action": "revision", "invoice": original["id"]},
    }
    apply_terms(call, invoice)
    for item_id in original["items"]:
        item = call.store.all("invoiceitem")[item_id]
        copy = {**item, "id": new_id("ii"), "invoice": invoice["id"], "was_pending": False}
        call.store.put("invoiceitem", copy)
        invoice["items"].append(copy["id"])
    return invoice


def replace_original(call: Call, invoice: Record) -> None:
    """Void what a revision replaces, as its finalization does; the balance it used is free again.

    Raises 400 when that can no longer be replaced.
    """
    if not invoice.get("from_invoice"):
        return
    original = _revisable(call, invoice["from_invoice"]["invoice"])
    original["latest_revision"] = invoice["id"]
    void_invoice(call, original)


def _revisable(call: Call, identifier: str) -> Record:
    original = call.store.get("invoice", identifier)
    if original is None:
        raise missing("invoice", identifier, param="from_invoice[invoice]", status=400)
    if original["status"] not in ("open", "uncollectible"):
        raise invalid(
            f"Invoice {identifier} is {original['status']}; only open and uncollectible invoices "
            "can be revised.",
            param="from_invoice[invoice]",
        )
    if original.get("subscription"):
        raise invalid(
            f"Invoice {identifier} is a subscription's; such invoices cannot be revised.",
            param="from_invoice[invoice]",
        )
    return original
