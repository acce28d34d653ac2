"""Invoice items one by one: on a draft at once when `invoice` is given, pending otherwise."""

from __future__ import annotations

from simulator.engine.errors import invalid, missing, not_editable
from simulator.engine.paging import page, within
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record
from simulator.resources.currencies import currency_of
from simulator.resources.customers import find_customer
from simulator.resources.invoice_access import changed, terms
from simulator.resources.invoices import MOST_LINES
from simulator.resources.line_terms import new_item, with_terms
from simulator.resources.line_view import render_item
from simulator.resources.lines import too_many_lines
from simulator.resources.taxation import refuse_untaxable


def create(call: Call) -> Record:
    """POST /v1/invoiceitems."""
    given = call.params
    if not {"amount", "price_data", "pricing", "unit_amount_decimal"} & set(given):
        raise invalid("Missing required param: amount.", param="amount", code="parameter_missing")
    invoice = _draft(call, given["invoice"]) if "invoice" in given else None
    item = new_item(invoice or _pending_home(call), given, now=call.now, param="")
    _check_home(call, invoice, item)
    _refuse_untaxable(call, invoice, item)
    call.store.put("invoiceitem", item)
    if invoice is not None:
        before = terms(call, invoice)
        invoice["items"] = [*invoice["items"], item["id"]]
        changed(call, invoice, before, lines=True)
    call.emit("invoiceitem.created", render_item(item))
    return render_item(item)


def retrieve(call: Call) -> Record:
    """GET /v1/invoiceitems/{invoiceitem}."""
    return render_item(_from_path(call))


def update(call: Call) -> Record:
    """POST /v1/invoiceitems/{invoiceitem}: while pending or on a draft."""
    item = _from_path(call)
    invoice = _draft(call, item["invoice"]) if item["invoice"] else None
    before = terms(call, invoice) if invoice else {}
    updated = with_terms(item, call.params, param="")
    _refuse_untaxable(call, invoice, updated)
    call.store.put("invoiceitem", updated)
    if invoice is not None:
        changed(call, invoice, before, lines=True)
    return render_item(updated)


def _refuse_untaxable(call: Call, invoice: Record | None, item: Record) -> None:
    if invoice is not None:
        refuse_untaxable(call.store, bool(invoice.get("automatic_tax")), [item])


def delete(call: Call) -> Record:
    """DELETE /v1/invoiceitems/{invoiceitem}: while pending or on a draft."""
    item = _from_path(call)
    if item["invoice"]:
        invoice = _draft(call, item["invoice"])
        before = terms(call, invoice)
        invoice["items"] = [one for one in invoice["items"] if one != item["id"]]
        changed(call, invoice, before, lines=True)
    call.store.remove("invoiceitem", item["id"])
    call.emit("invoiceitem.deleted", render_item(item))
    return {"id": item["id"], "object": "invoiceitem", "deleted": True}


def list_all(call: Call) -> Record:
    """GET /v1/invoiceitems, newest first."""
    wanted = call.params
    found = [
        item
        for item in reversed(call.store.all("invoiceitem").values())
        if wanted.get("customer") in (None, item["customer"])
        and wanted.get("invoice") in (None, item["invoice"])
        and wanted.get("pending") in (None, item["invoice"] is None)
        and within(item["created"], wanted.get("created"))
    ]
    return page(found, wanted, url="/v1/invoiceitems", render=render_item)


def _pending_home(call: Call) -> Record:
    if "customer" not in call.params:
        raise invalid(
            "Missing required param: customer.", param="customer", code="parameter_missing"
        )
    customer = find_customer(call.store, call.params["customer"])
    currency = call.params.get("currency") or customer["currency"] or "usd"
    return {"id": None, "customer": customer["id"], "currency": currency_of(currency)}


def _check_home(call: Call, invoice: Record | None, item: Record) -> None:
    if invoice is None:
        return
    if call.params.get("customer") not in (None, invoice["customer"]):
        raise invalid("The invoice belongs to another customer.", param="invoice")
    if str(call.params.get("currency", item["currency"])).lower() != item["currency"]:
        raise invalid(f"The invoice is in {item['currency']}.", param="currency")
    if len(invoice["items"]) >= MOST_LINES:
        raise too_many_lines()


def _draft(call: Call, identifier: str) -> Record:
    invoice = call.store.get("invoice", identifier)
    if invoice is None:
        raise missing("invoice", identifier, param="invoice", status=400)
    if invoice["status"] != "draft":
        raise not_editable(identifier)
    return invoice


def _from_path(call: Call) -> Record:
    item = call.store.get("invoiceitem", call.ids["invoiceitem"])
    if item is None:
        raise missing("invoiceitem", call.ids["invoiceitem"])
    return item


ROUTES: dict[str, Handler] = {
    "POST /v1/invoiceitems": create,
    "GET /v1/invoiceitems": list_all,
    "GET /v1/invoiceitems/{invoiceitem}": retrieve,
    "POST /v1/invoiceitems/{invoiceitem}": update,
    "DELETE /v1/invoiceitems/{invoiceitem}": delete,
}
