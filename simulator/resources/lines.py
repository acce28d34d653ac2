"""Lines of a draft: the three bulk endpoints and the paged list.

A bulk call changes every line it names or, refused, none. Stripe does not document this; the
conformance suite asks.
"""

from __future__ import annotations

from simulator.engine.errors import invalid, missing, refused
from simulator.engine.metadata import merged
from simulator.engine.paging import page
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record
from simulator.resources.invoice_access import changed, draft_from_path, from_path, terms
from simulator.resources.invoices import MOST_LINES
from simulator.resources.line_terms import new_item, with_terms
from simulator.resources.line_view import item_id, line_id, render_line
from simulator.resources.taxation import refuse_untaxable, taxes_of


def add(call: Call) -> Record:
    """POST /v1/invoices/{invoice}/add_lines: new lines go to the end, in order."""
    invoice, given = draft_from_path(call), call.params["lines"]
    if len(invoice["items"]) + len(given) > MOST_LINES:
        raise too_many_lines()
    _refuse_twice([one["invoice_item"] for one in given if "invoice_item" in one], "invoice_item")
    rows = [_added(call, invoice, one, index) for index, one in enumerate(given)]
    return _settle(call, invoice, rows, [*invoice["items"], *(row["id"] for row in rows)])


def update(call: Call) -> Record:
    """POST /v1/invoices/{invoice}/update_lines: absolute values; metadata is merged."""
    invoice, lines = draft_from_path(call), call.params["lines"]
    _refuse_twice([one["id"] for one in lines], "id")
    rows = []
    for index, given in enumerate(lines):
        item = _line(call, invoice, given["id"], f"lines[{index}][id]")
        rows.append(with_terms(item, given, param=f"lines[{index}]"))
    return _settle(call, invoice, rows, invoice["items"])


def remove(call: Call) -> Record:
    """POST /v1/invoices/{invoice}/remove_lines: deleted for good, or back to the pending pool."""
    invoice = draft_from_path(call)
    unassigned, gone = [], set()
    for index, given in enumerate(call.params["lines"]):
        item = _line(call, invoice, given["id"], f"lines[{index}][id]")
        gone.add(item["id"])
        if given["behavior"] == "unassign":
            unassigned.append({**item, "invoice": None})
    kept = [one for one in invoice["items"] if one not in gone]
    reply = _settle(call, invoice, unassigned, kept)
    for one in gone - {item["id"] for item in unassigned}:
        call.store.remove("invoiceitem", one)
    return reply


def list_lines(call: Call) -> Record:
    """GET /v1/invoices/{invoice}/lines, in the invoice's order."""
    invoice = from_path(call)
    items, taxes = call.store.all("invoiceitem"), taxes_of(call.store, invoice)
    return page(
        [items[one] for one in invoice["items"]],
        call.params,
        url=f"/v1/invoices/{invoice['id']}/lines",
        render=lambda item: render_line(item, taxes.get(item["id"]), invoice),
        name=lambda item: line_id(item["id"]),
    )


def too_many_lines() -> Exception:
    """Return the refusal of the 251st line."""
    return refused(
        f"You cannot have more than {MOST_LINES} invoice items on an invoice.", param="lines"
    )


def _added(call: Call, invoice: Record, given: Record, index: int) -> Record:
    param = f"lines[{index}]"
    if "invoice_item" not in given:
        _check_any_amount(given, param)
        return new_item(invoice, given, now=call.now, param=param)
    item = call.store.get("invoiceitem", given["invoice_item"])
    if item is None or item["customer"] != invoice["customer"]:
        raise missing(
            "invoiceitem", given["invoice_item"], param=f"{param}[invoice_item]", status=400
        )
    if item["invoice"] is not None:
        raise refused("The invoice item is already on an invoice.", param=f"{param}[invoice_item]")
    terms_given = {name: value for name, value in given.items() if name != "invoice_item"}
    attached = with_terms(item, terms_given, param=param)
    return {**attached, "invoice": invoice["id"], "was_pending": True}


def _refuse_twice(named: list[str], field: str) -> None:
    if len(set(named)) != len(named):
        raise invalid(f"A line is named twice by its {field}.", param="lines")


def _check_any_amount(given: Record, param: str) -> None:
    if not {"amount", "price_data", "pricing"} & set(given):
        raise invalid(
            f"Missing required param: {param}[amount].",
            param=f"{param}[amount]",
            code="parameter_missing",
        )


def _line(call: Call, invoice: Record, line: str, param: str) -> Record:
    item = call.store.get("invoiceitem", item_id(line)) if line.startswith("il_") else None
    if item is None or item["invoice"] != invoice["id"]:
        raise missing("line_item", line, param=param, status=400)
    return item


def _settle(call: Call, invoice: Record, rows: list[Record], order: list[str]) -> Record:
    """Keep the checked rows, their order and the invoice's metadata; return the whole invoice."""
    metadata = merged(
        invoice["metadata"], call.params.get("invoice_metadata"), param="invoice_metadata"
    )
    refuse_untaxable(call.store, bool(invoice.get("automatic_tax")), rows)
    before = terms(call, invoice)
    for row in rows:
        call.store.put("invoiceitem", row)
    invoice["items"], invoice["metadata"] = order, metadata
    return changed(call, invoice, before, lines=True)


ROUTES: dict[str, Handler] = {
    "POST /v1/invoices/{invoice}/add_lines": add,
    "POST /v1/invoices/{invoice}/update_lines": update,
    "POST /v1/invoices/{invoice}/remove_lines": remove,
    "GET /v1/invoices/{invoice}/lines": list_lines,
}
