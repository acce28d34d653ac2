"""Payment and the other ends of a finalized invoice: paid, void, uncollectible."""

from __future__ import annotations

from dashboard.money import minimum_charge
from simulator.engine.errors import ApiError, refused
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record
from simulator.resources.balances import move_balance
from simulator.resources.currencies import not_chargeable
from simulator.resources.declines import CONFIRM, declined, tell_decline
from simulator.resources.disputes import dispute
from simulator.resources.invoice_access import changed, from_path, shown, terms
from simulator.resources.invoice_view import amount_due, total_with_tax
from simulator.resources.payment_methods import (
    attach_to,
    decline_code,
    find_method,
    is_disputed,
)
from simulator.resources.payments_list import (
    cancel_open,
    payments_of,
    record_elsewhere,
    record_payment,
)

# Stripe's own attempt follows finalization; how soon is not documented, so we do not dawdle.
FIRST_ATTEMPT_SECONDS = 1
_DAY = 24 * 60 * 60
RETRIES_AFTER_SECONDS = (3 * _DAY, 5 * _DAY, 7 * _DAY)


def plan_payment(call: Call, invoice: Record) -> None:
    """Plan Stripe's own first attempt, where the invoice's terms ask for one."""
    automatic = invoice["auto_advance"] and invoice["collection_method"] == "charge_automatically"
    _plan_attempt(call, invoice, call.now + FIRST_ATTEMPT_SECONDS if automatic else None)


def pay_on_time(call: Call, invoice_id: str) -> None:
    """Make the planned attempt if the invoice still waits for it; a failure plans the next."""
    invoice = call.store.get("invoice", invoice_id)
    if invoice is None or invoice["status"] != "open" or not invoice["auto_advance"]:
        return
    try:
        _charge(call, invoice, None)
    except ApiError:
        # Told as invoice.payment_failed by the attempt itself.
        return


def pay(call: Call) -> Record:
    """POST /v1/invoices/{invoice}/pay. Raises 402 card_declined; the invoice then stays open."""
    invoice = from_path(call)
    if invoice["status"] == "paid":
        raise refused("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] not in ("open", "uncollectible"):
        raise refused(f"A {invoice['status']} invoice cannot be paid; finalize it first.")
    if call.params.get("paid_out_of_band"):
        _note_elsewhere(invoice, remaining(call, invoice))
        mark_paid(call, invoice, cents=0)
        return shown(call, invoice)
    _charge(call, invoice, call.params.get("payment_method"))
    return shown(call, invoice)


def mark_paid(call: Call, invoice: Record, *, cents: int) -> None:
    """Make the invoice paid with `cents` received now, and tell of it."""
    invoice["status"], invoice["auto_advance"] = "paid", False
    invoice["amount_paid"] += cents
    invoice["status_transitions"]["paid_at"] = call.now
    _plan_attempt(call, invoice, None)
    if cents:
        record_payment(call, invoice, cents)
    cancel_open(call, invoice)
    call.emit("invoice.paid", shown(call, invoice))
    if cents:
        call.emit("invoice.payment_succeeded", shown(call, invoice))


def paid_elsewhere(call: Call) -> Record:
    """Note that `amount` of an open invoice was paid by other means, as a payment record."""
    invoice = _in_status(call, "paid elsewhere", ("open", "uncollectible"))
    cents = min(int(call.params["amount"]), remaining(call, invoice))
    before = terms(call, invoice)
    _note_elsewhere(invoice, cents)
    record_elsewhere(call, invoice, cents)
    if remaining(call, invoice) == 0:
        mark_paid(call, invoice, cents=0)
        return shown(call, invoice)
    return changed(call, invoice, before)


def detach_payment(call: Call) -> Record:
    """Take the payments off a paid invoice, which makes it open again; only a preview has this."""
    invoice = _in_status(call, "made open again", ("paid",))
    before = terms(call, invoice)
    invoice |= {"status": "open", "amount_paid": 0, "amount_paid_off_stripe": 0}
    invoice["status_transitions"]["paid_at"] = None
    return changed(call, invoice, before)


def _note_elsewhere(invoice: Record, cents: int) -> None:
    invoice["amount_paid"] += cents
    invoice["amount_paid_off_stripe"] = invoice.get("amount_paid_off_stripe", 0) + cents


def remaining(call: Call, invoice: Record) -> int:
    """Return what is still to be paid, in minor units."""
    due = amount_due(invoice, total_with_tax(call.store, invoice))
    return max(0, due - int(invoice["amount_paid"]))


def void(call: Call) -> Record:
    """POST /v1/invoices/{invoice}/void: final; the balance it used is given back."""
    invoice = _in_status(call, "void", ("open", "uncollectible"))
    if invoice["amount_paid"]:
        raise refused("You cannot void an invoice that has payments. Credit the rest instead.")
    void_invoice(call, invoice)
    return shown(call, invoice)


def void_invoice(call: Call, invoice: Record) -> None:
    """End the invoice as void; the balance it used or added to is as before it."""
    customer = call.store.all("customer")[invoice["customer"]]
    used = invoice["starting_balance"] - (invoice["ending_balance"] or 0)
    if used:
        move_balance(call, customer, invoice, used, "unapplied_from_invoice")
    _end(call, invoice, "void", "voided_at", "invoice.voided")


def mark_uncollectible(call: Call) -> Record:
    """POST /v1/invoices/{invoice}/mark_uncollectible; it can still be paid or voided."""
    invoice = _in_status(call, "marked uncollectible", ("open",))
    invoice["status_details"] = {"uncollectible": {"reason": "user_forgiven"}}
    kind = "invoice.marked_uncollectible"
    return _end(call, invoice, "uncollectible", "marked_uncollectible_at", kind)


def _charge(call: Call, invoice: Record, wanted: str | None) -> None:
    """Try one charge. Raises 400 without a payment method, 402 when it is declined."""
    customer = call.store.all("customer")[invoice["customer"]]
    method_id = invoice["default_payment_method"] or customer["default_payment_method"]
    if wanted is not None:
        method_id = attach_to(call, find_method(call, wanted), customer)["id"]
    cents = remaining(call, invoice)
    invoice["attempted"], invoice["attempt_count"] = True, invoice["attempt_count"] + 1
    refusal = not_chargeable(cents, invoice["currency"])
    if refusal is not None:
        _fail(call, invoice)
        raise refusal
    if cents >= minimum_charge(invoice["currency"]):
        _try_method(call, invoice, method_id)
    mark_paid(call, invoice, cents=cents)
    if is_disputed(call.store, method_id):
        dispute(call, payments_of(call, invoice["id"])[0])


def _try_method(call: Call, invoice: Record, method_id: str | None) -> None:
    """Charge the method. Raises 400 where there is none, 402 when its bank declines."""
    if method_id is None:
        _fail(call, invoice)
        raise _no_method()
    code = decline_code(call.store, method_id)
    if code is not None:
        tell_decline(call, invoice, call.store.get("payment_method", method_id), code)
        _fail(call, invoice)
        if code == CONFIRM:
            call.emit("invoice.payment_action_required", shown(call, invoice))
        raise declined(code)


def _fail(call: Call, invoice: Record) -> None:
    tries = invoice["attempt_count"] - 1
    again = invoice["auto_advance"] and tries < len(RETRIES_AFTER_SECONDS)
    _plan_attempt(call, invoice, call.now + RETRIES_AFTER_SECONDS[tries] if again else None)
    call.emit("invoice.payment_failed", shown(call, invoice))


def _plan_attempt(call: Call, invoice: Record, at: int | None) -> None:
    invoice["next_payment_attempt"] = at
    call.simulator.timers.set("pay", invoice["id"], at)
    call.store.put("invoice", invoice)


def _in_status(call: Call, wanted: str, allowed: tuple[str, ...]) -> Record:
    invoice = from_path(call)
    if invoice["status"] not in allowed:
        raise refused(
            f"Invoice {invoice['id']} is {invoice['status']}; only {' or '.join(allowed)} invoices "
            f"can be {wanted}.",
            code="invoice_not_editable" if invoice["status"] == "draft" else None,
        )
    return invoice


def _end(call: Call, invoice: Record, status: str, stamp: str, kind: str) -> Record:
    invoice["status"], invoice["auto_advance"] = status, False
    invoice["status_transitions"][stamp] = call.now
    _plan_attempt(call, invoice, None)
    if status == "void":
        cancel_open(call, invoice)
    call.emit(kind, shown(call, invoice))
    return shown(call, invoice)


def _no_method() -> ApiError:
    return refused(
        "There is no `default_payment_method` set on this Customer or Invoice. Please set a "
        "`default_payment_method`."
    )


ROUTES: dict[str, Handler] = {
    "POST /v1/invoices/{invoice}/pay": pay,
    "POST /v1/invoices/{invoice}/void": void,
    "POST /v1/invoices/{invoice}/mark_uncollectible": mark_uncollectible,
}
