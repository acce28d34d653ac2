"""Invoice payments: what was to pay an invoice, and what did (the invoice itself does not say).

An invoice with something due has one from its finalization, open, for Stripe's own attempts.
"""

from __future__ import annotations

from simulator.engine.paging import page
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record, new_id


def open_payment(call: Call, invoice: Record) -> None:
    """Make the payment that Stripe's own attempts are for."""
    _put(call, invoice, status="open", cents=None, is_default=True)


def record_payment(call: Call, invoice: Record, cents: int) -> None:
    """Note that `cents` were received through Stripe for the invoice now."""
    payment = _open_one(call, invoice)
    if payment is None:
        payment = _put(call, invoice, status="open", cents=None, is_default=True)
    payment |= {"status": "paid", "amount_paid": cents, "paid_at": call.now}
    call.store.put("invoice_payment", payment)
    call.emit("invoice_payment.paid", render_payment(payment))


def record_elsewhere(call: Call, invoice: Record, cents: int) -> None:
    """Note that `cents` of the invoice were received by other means, as a payment record."""
    payment = _put(call, invoice, status="paid", cents=cents, is_default=False)
    payment |= {"payment_intent": None, "payment_record": new_id("precord"), "paid_at": call.now}
    call.store.put("invoice_payment", payment)
    call.emit("invoice_payment.paid", render_payment(payment))


def cancel_open(call: Call, invoice: Record) -> None:
    """End the payment that nothing came of; Stripe tells of it by no snapshot event."""
    payment = _open_one(call, invoice)
    if payment is not None:
        call.store.put("invoice_payment", payment | {"status": "canceled"})


def payments_of(call: Call, invoice_id: str) -> list[Record]:
    """Return the invoice's payments, newest first."""
    payments = reversed(call.store.all("invoice_payment").values())
    return [one for one in payments if one["invoice"] == invoice_id]


def payment_of_intent(call: Call, intent: str) -> Record | None:
    """Return the payment that was made by this payment intent."""
    payments = call.store.all("invoice_payment").values()
    return next((one for one in payments if one["payment_intent"] == intent), None)


def list_all(call: Call) -> Record:
    """GET /v1/invoice_payments, newest first; by invoice or by payment intent."""
    wanted = call.params
    intent = wanted.get("payment", {}).get("payment_intent")
    found = [
        payment
        for payment in reversed(call.store.all("invoice_payment").values())
        if wanted.get("invoice") in (None, payment["invoice"])
        and intent in (None, payment["payment_intent"])
        and wanted.get("status") in (None, payment["status"])
    ]
    return page(found, wanted, url="/v1/invoice_payments", render=render_payment)


def render_payment(payment: Record) -> Record:
    """Return the payment as Stripe shows it."""
    by = "payment_intent" if payment["payment_intent"] else "payment_record"
    return {
        "id": payment["id"],
        "object": "invoice_payment",
        "amount_paid": payment["amount_paid"],
        "amount_requested": payment["amount_requested"],
        "created": payment["created"],
        "currency": payment["currency"],
        "invoice": payment["invoice"],
        "is_default": payment["is_default"],
        "livemode": False,
        "payment": {by: payment[by], "type": by},
        "status": payment["status"],
        "status_transitions": {"canceled_at": None, "paid_at": payment["paid_at"]},
    }


def _put(
    call: Call, invoice: Record, *, status: str, cents: int | None, is_default: bool
) -> Record:
    identifier = new_id("inpay")
    payment: Record = {
        "id": identifier,
        "amount_paid": cents,
        "amount_requested": invoice["amount_due"] if cents is None else cents,
        "created": call.now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": is_default,
        "paid_at": None,
        "payment_intent": identifier.replace("inpay_", "pi_"),
        "payment_record": None,
        "status": status,
    }
    call.store.put("invoice_payment", payment)
    return payment


def _open_one(call: Call, invoice: Record) -> Record | None:
    payments = payments_of(call, invoice["id"])
    return next((one for one in payments if one["status"] == "open"), None)


ROUTES: dict[str, Handler] = {"GET /v1/invoice_payments": list_all}
