"""How operations reach an invoice: find it, refuse what is no draft, show it, keep its changes."""

from __future__ import annotations

from simulator.engine.errors import missing, not_editable
from simulator.engine.state import Call
from simulator.engine.store import Record
from simulator.resources.invoice_view import difference, render_invoice, render_terms


def from_path(call: Call) -> Record:
    """Return the invoice that the path names. Raises 404 resource_missing."""
    invoice = call.store.get("invoice", call.ids["invoice"])
    if invoice is None:
        raise missing("invoice", call.ids["invoice"], param="invoice")
    return invoice


def draft_from_path(call: Call) -> Record:
    """Return the draft that the path names. Raises 404, or 400 invoice_not_editable."""
    invoice = from_path(call)
    if invoice["status"] != "draft":
        raise not_editable(invoice["id"])
    return invoice


def shown(call: Call, invoice: Record) -> Record:
    """Return the invoice as replies carry it."""
    return render_invoice(call.store, invoice, call.simulator.public_url)


def terms(call: Call, invoice: Record) -> Record:
    """Return the invoice without its lines, to compare with later."""
    return render_terms(call.store, invoice, call.simulator.public_url)


def changed(call: Call, invoice: Record, before: Record, *, lines: bool = False) -> Record:
    """Keep the invoice, tell of the change if there is one (or `lines` says so), and show it."""
    call.store.put("invoice", invoice)
    after = shown(call, invoice)
    previous = difference(before, {**after, "lines": before.get("lines")})
    if previous or lines:
        call.emit("invoice.updated", after, previous)
    return after
