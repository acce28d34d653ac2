"""Why a bank declined: told by the payment intent alone, as at Stripe, never by the invoice."""

from __future__ import annotations

from simulator.engine.errors import ApiError
from simulator.engine.state import Call
from simulator.engine.store import Record
from simulator.resources.payment_methods import render_method
from simulator.resources.payments_list import payments_of

MESSAGES = {
    "insufficient_funds": "Your card has insufficient funds.",
    "generic_decline": "Your card was declined.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
# What is not the card's fault has a code of its own; anything else is a declined card.
CONFIRM = "authentication_required"


def declined(code: str) -> ApiError:
    """Return the refusal of a charge that the bank declined for this reason."""
    extra = {"decline_code": code}
    error = _error_code(code)
    return ApiError(402, MESSAGES[code], type="card_error", code=error, extra=extra)


def _error_code(code: str) -> str:
    return code if code == CONFIRM else "card_declined"


def tell_decline(call: Call, invoice: Record, method: Record | None, code: str) -> None:
    """Tell of the attempt that came to nothing; without an open payment there is no intent."""
    payments = payments_of(call, invoice["id"])
    payment = next((one for one in payments if one["status"] == "open"), None)
    if payment is None:
        return
    error = {
        "code": _error_code(code),
        "decline_code": code,
        "message": MESSAGES[code],
        "payment_method": None if method is None else render_method(method),
        "type": "card_error",
    }
    call.emit("payment_intent.payment_failed", _intent(invoice, payment, error))


def _intent(invoice: Record, payment: Record, error: Record) -> Record:
    return {
        "id": payment["payment_intent"],
        "object": "payment_intent",
        "amount": payment["amount_requested"],
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "created": payment["created"],
        "currency": payment["currency"],
        "customer": invoice["customer"],
        "description": None,
        "last_payment_error": error,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
    }
