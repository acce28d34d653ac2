"""GET /v1/invoice_payments: what paid an invoice (the invoice itself no longer says)."""

from __future__ import annotations

from dashboard.sandbox.paging import page
from dashboard.sandbox.state import Call, Handler
from dashboard.sandbox.store import Record, new_id


def record_payment(call: Call, invoice: Record, cents: int) -> None:
    """Note that `cents` were received for the invoice now."""
    identifier = new_id("inpay")
    payment: Record = {
        "id": identifier,
        "amount_paid": cents,
        "amount_requested": cents,
        "created": call.now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "payment_intent": identifier.replace("inpay_", "pi_"),
    }
    call.store.put("invoice_payment", payment)
    call.emit("invoice_payment.paid", _rendered(payment))


def list_all(call: Call) -> Record:
    """GET /v1/invoice_payments, newest first; by invoice or by payment intent."""
    wanted = call.params
    intent = wanted.get("payment", {}).get("payment_intent")
    found = [
        payment
        for payment in reversed(call.store.all("invoice_payment").values())
        if wanted.get("invoice") in (None, payment["invoice"])
        and intent in (None, payment["payment_intent"])
        and wanted.get("status") in (None, "paid")
    ]
    return page(found, wanted, url="/v1/invoice_payments", render=_rendered)


def _rendered(payment: Record) -> Record:
    plain = {name: value for name, value in payment.items() if name != "payment_intent"}
    return {
        **plain,
        "object": "invoice_payment",
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": payment["payment_intent"], "type": "payment_intent"},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": payment["created"]},
    }


ROUTES: dict[str, Handler] = {"GET /v1/invoice_payments": list_all}
