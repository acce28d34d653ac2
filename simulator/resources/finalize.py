"""Finalization: a draft becomes a bill, by a call or by Stripe itself when the schedule says so."""

from __future__ import annotations

from simulator.engine.errors import ApiError, invalid, refused
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record
from simulator.resources.amounts import settle_with_balance
from simulator.resources.balances import move_balance
from simulator.resources.customers import balance_of
from simulator.resources.expand import expanding
from simulator.resources.invoice_access import from_path, shown
from simulator.resources.invoice_view import customer_of, total_with_tax
from simulator.resources.payment import mark_paid, plan_payment
from simulator.resources.payments_list import open_payment
from simulator.resources.revisions import replace_original
from simulator.resources.taxation import fix_taxes

_DAY = 24 * 60 * 60


def finalize(call: Call) -> Record:
    """POST /v1/invoices/{invoice}/finalize."""
    invoice = from_path(call)
    if invoice["status"] != "draft":
        raise refused(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
            code="invoice_not_editable",
        )
    if "auto_advance" in call.params:
        invoice["auto_advance"] = call.params["auto_advance"]
    finalize_draft(call, invoice)
    return shown(call, invoice)


def finalize_draft(call: Call, invoice: Record) -> None:
    """Freeze the draft: number, balance, amount due; then pay, send or wait, as its terms say.

    Raises 400 and leaves a draft with `last_finalization_error` when there is nothing to bill.
    """
    call.simulator.timers.set("finalize", invoice["id"], None)
    invoice["automatically_finalizes_at"] = None
    _refuse_empty(call, invoice)
    _fix_taxes(call, invoice)
    replace_original(call, invoice)
    customer = call.store.all("customer")[invoice["customer"]]
    invoice.update(customer_of(customer))
    _apply_balance(call, invoice, customer)
    _number(call, invoice, customer)
    invoice["status"] = "open"
    invoice["last_finalization_error"] = None
    invoice["status_transitions"]["finalized_at"] = call.now
    invoice["effective_at"] = invoice["effective_at"] or call.now
    if invoice["days_until_due"] is not None:
        invoice["due_date"] = call.now + int(invoice["days_until_due"]) * _DAY
    call.store.put("invoice", invoice)
    _after(call, invoice)


def finalize_on_time(call: Call, invoice_id: str) -> None:
    """Finalize a scheduled draft if it is still one; what refuses it is told as an event."""
    invoice = call.store.get("invoice", invoice_id)
    if invoice is None or invoice["status"] != "draft" or not invoice["auto_advance"]:
        return
    try:
        finalize_draft(call, invoice)
    except ApiError:
        # The event and last_finalization_error are the answer; nobody waits for this call.
        return


def _refuse_empty(call: Call, invoice: Record) -> None:
    if invoice["items"]:
        return
    refusal = refused("Nothing to invoice for customer", code="invoice_no_customer_line_items")
    _note_failure(call, invoice, refusal)
    raise refusal


def _fix_taxes(call: Call, invoice: Record) -> None:
    try:
        fix_taxes(call.store, invoice)
    except ApiError as refusal:
        _note_failure(call, invoice, refusal)
        raise


def _note_failure(call: Call, invoice: Record, refusal: ApiError) -> None:
    invoice["last_finalization_error"] = refusal.body()["error"]
    call.store.put("invoice", invoice)
    call.emit("invoice.finalization_failed", shown(call, invoice))


def _apply_balance(call: Call, invoice: Record, customer: Record) -> None:
    currency, total = invoice["currency"], total_with_tax(call.store, invoice)
    balance = balance_of(customer, currency)
    due, left = settle_with_balance(total, balance, currency)
    invoice |= {"starting_balance": balance, "ending_balance": left, "amount_due": due}
    too_small = max(left, 0)
    move_balance(call, customer, invoice, left - balance - too_small, "applied_to_invoice")
    move_balance(call, customer, invoice, too_small, "invoice_too_small")


def _number(call: Call, invoice: Record, customer: Record) -> None:
    if invoice["number"] is not None:
        return
    sequence = customer["next_invoice_sequence"]
    invoice["number"] = f"{customer['invoice_prefix']}-{sequence:04d}"
    customer["next_invoice_sequence"] = sequence + 1
    call.store.put("customer", customer)


def _after(call: Call, invoice: Record) -> None:
    if invoice["amount_due"] == 0:
        call.emit("invoice.finalized", shown(call, invoice))
        mark_paid(call, invoice, cents=0)
        return
    open_payment(call, invoice)
    plan_payment(call, invoice)
    call.emit("invoice.finalized", shown(call, invoice))
    if invoice["collection_method"] == "send_invoice" and invoice["auto_advance"]:
        call.emit("invoice.sent", shown(call, invoice))


def send(call: Call) -> Record:
    """POST /v1/invoices/{invoice}/send; finalizes a draft first. No mail leaves the simulator."""
    invoice = from_path(call)
    if invoice["collection_method"] != "send_invoice":
        raise invalid(
            "You can only manually send an invoice if its collection method is 'send_invoice'."
        )
    if invoice["status"] == "draft":
        finalize_draft(call, invoice)
    if invoice["status"] not in ("open", "paid"):
        raise refused(f"A {invoice['status']} invoice cannot be sent.")
    call.emit("invoice.sent", shown(call, invoice))
    return shown(call, invoice)


ROUTES: dict[str, Handler] = {
    "POST /v1/invoices/{invoice}/finalize": expanding(finalize),
    "POST /v1/invoices/{invoice}/send": send,
}
