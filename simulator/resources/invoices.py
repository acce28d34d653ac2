"""Invoices: create, read, change, delete a draft, list. `finalize` and `payment` move them on."""

from __future__ import annotations

from simulator.engine.errors import invalid, not_editable, refused
from simulator.engine.paging import page, within
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record
from simulator.resources.customers import find_customer
from simulator.resources.expand import expanding
from simulator.resources.invoice_access import changed, from_path, shown, terms
from simulator.resources.invoice_terms import apply_terms, blank
from simulator.resources.revisions import revision_of
from simulator.resources.taxation import refuse_untaxable

MOST_LINES = 250

# What may still change after finalization.
_ALWAYS = {"auto_advance", "metadata", "default_payment_method", "expand"}


def create(call: Call) -> Record:
    """POST /v1/invoices: a draft, empty unless pending items are swept in."""
    given = call.params
    if "subscription" in given:
        raise invalid("The Stripe simulator makes only standalone invoices.", param="subscription")
    invoice = revision_of(call) if "from_invoice" in given else _new(call)
    call.store.put("invoice", invoice)
    draft = shown(call, invoice)
    call.emit("invoice.created", draft)
    return draft


def _new(call: Call) -> Record:
    given = call.params
    if "customer" not in given:
        raise invalid("You must specify a customer.", param="customer", code="parameter_missing")
    customer = find_customer(call.store, given["customer"])
    invoice = blank(call, customer)
    apply_terms(call, invoice)
    if customer["currency"] is None:
        customer["currency"] = invoice["currency"]
        call.store.put("customer", customer)
    if given.get("pending_invoice_items_behavior") == "include":
        _sweep_in(call, invoice)
    return invoice


def retrieve(call: Call) -> Record:
    """GET /v1/invoices/{invoice}."""
    return shown(call, from_path(call))


def update(call: Call) -> Record:
    """POST /v1/invoices/{invoice}: anything on a draft, little afterwards."""
    invoice = from_path(call)
    if invoice["status"] != "draft" and set(call.params) - _ALWAYS:
        raise not_editable(invoice["id"])
    before = terms(call, invoice)
    _refuse_untaxable(call, invoice)
    apply_terms(call, invoice)
    return changed(call, invoice, before)


def delete(call: Call) -> Record:
    """DELETE /v1/invoices/{invoice}: drafts only; swept-in items become pending again."""
    invoice = from_path(call)
    if invoice["status"] != "draft":
        raise refused(
            "You can only delete draft invoices. To void an invoice instead, use /void.",
            code="invoice_not_editable",
        )
    if invoice.get("subscription"):
        raise refused("You can't delete invoices created by subscriptions.")
    last = shown(call, invoice)
    for item_id in invoice["items"]:
        item = call.store.all("invoiceitem")[item_id]
        if item["was_pending"]:
            item["invoice"] = None
            call.store.put("invoiceitem", item)
        else:
            call.store.remove("invoiceitem", item_id)
    call.store.remove("invoice", invoice["id"])
    call.simulator.timers.set("finalize", invoice["id"], None)
    call.emit("invoice.deleted", last)
    return {"id": invoice["id"], "object": "invoice", "deleted": True}


def list_all(call: Call) -> Record:
    """GET /v1/invoices, newest first."""
    wanted = call.params
    found = [
        invoice
        for invoice in reversed(call.store.all("invoice").values())
        if wanted.get("customer") in (None, invoice["customer"])
        and wanted.get("status") in (None, invoice["status"])
        and wanted.get("collection_method") in (None, invoice["collection_method"])
        and wanted.get("subscription") in (None, invoice.get("subscription"))
        and within(invoice["created"], wanted.get("created"))
    ]
    return page(found, wanted, url="/v1/invoices", render=lambda one: shown(call, one))


def _refuse_untaxable(call: Call, invoice: Record) -> None:
    """Raise 400 where tax is switched on and a line stands against it."""
    wanted = (call.params.get("automatic_tax") or {}).get("enabled", False)
    items = call.store.all("invoiceitem")
    refuse_untaxable(call.store, wanted, [items[one] for one in invoice["items"]])


def _sweep_in(call: Call, invoice: Record) -> None:
    pending = [
        item
        for item in reversed(call.store.all("invoiceitem").values())
        if item["invoice"] is None
        and item["customer"] == invoice["customer"]
        and item["currency"] == invoice["currency"]
    ]
    for item in pending[:MOST_LINES]:
        item["invoice"], item["was_pending"] = invoice["id"], True
        call.store.put("invoiceitem", item)
        invoice["items"].append(item["id"])


ROUTES: dict[str, Handler] = {
    "POST /v1/invoices": create,
    "GET /v1/invoices": list_all,
    "GET /v1/invoices/{invoice}": expanding(retrieve),
    "POST /v1/invoices/{invoice}": update,
    "DELETE /v1/invoices/{invoice}": delete,
}
