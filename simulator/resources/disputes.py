"""Disputes: a bank asks for a payment back. Only banks open one, so the control surface does."""

from __future__ import annotations

from simulator.engine.errors import missing
from simulator.engine.paging import page, within
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record, new_id
from simulator.resources.payments_list import payment_of_intent

ANSWER_WITHIN_SECONDS = 7 * 24 * 60 * 60
_CLOSED = ("won", "lost", "warning_closed", "prevented")


def open_dispute(call: Call) -> Record:
    """Open a dispute over a payment intent, for all of it or `amount`, and take the money."""
    given = call.params
    payment = payment_of_intent(call, given["payment_intent"])
    if payment is None or payment["status"] != "paid":
        raise missing("payment_intent", given["payment_intent"], status=400)
    return dispute(call, payment)


def dispute(call: Call, payment: Record) -> Record:
    """Open a dispute over a payment, as the parameters say or for all of it, and tell of it."""
    given = call.params
    opened: Record = {
        "id": new_id("du"),
        "amount": given.get("amount", payment["amount_paid"]),
        "created": call.now,
        "currency": payment["currency"],
        "due_by": given.get("due_by", call.now + ANSWER_WITHIN_SECONDS),
        "metadata": {},
        "payment_intent": payment["payment_intent"],
        "reason": given.get("reason", "fraudulent"),
        "status": given.get("status", "needs_response"),
    }
    call.store.put("dispute", opened)
    call.emit("charge.dispute.created", render_dispute(opened))
    call.emit("charge.dispute.funds_withdrawn", render_dispute(opened))
    return render_dispute(opened)


def move(call: Call) -> Record:
    """Give a dispute another status, as its bank would, and tell of it."""
    moved = _from_path(call)
    moved["status"] = call.params["status"]
    call.store.put("dispute", moved)
    ended = moved["status"] in _CLOSED
    call.emit(f"charge.dispute.{'closed' if ended else 'updated'}", render_dispute(moved))
    if moved["status"] == "won":
        call.emit("charge.dispute.funds_reinstated", render_dispute(moved))
    return render_dispute(moved)


def close(call: Call) -> Record:
    """POST /v1/disputes/{dispute}/close: accept it, which loses it."""
    call.params["status"] = "lost"
    return move(call)


def retrieve(call: Call) -> Record:
    """GET /v1/disputes/{dispute}."""
    return render_dispute(_from_path(call))


def list_all(call: Call) -> Record:
    """GET /v1/disputes, newest first; of a payment intent."""
    wanted = call.params
    found = [
        dispute
        for dispute in reversed(call.store.all("dispute").values())
        if wanted.get("payment_intent") in (None, dispute["payment_intent"])
        and within(dispute["created"], wanted.get("created"))
    ]
    return page(found, wanted, url="/v1/disputes", render=render_dispute)


def render_dispute(dispute: Record) -> Record:
    """Return the dispute as Stripe shows it."""
    shown = {name: value for name, value in dispute.items() if name != "due_by"}
    return {
        **shown,
        "object": "dispute",
        "balance_transactions": [],
        "charge": dispute["payment_intent"].replace("pi_", "ch_"),
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(_EVIDENCE) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": dispute["due_by"],
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
    }


_EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy",
    "cancellation_policy_disclosure", "cancellation_rebuttal", "customer_communication",
    "customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature",
    "duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id",
    "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address",
    "shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number",
    "uncategorized_file", "uncategorized_text",
)  # fmt: skip


def _from_path(call: Call) -> Record:
    dispute = call.store.get("dispute", call.ids["dispute"])
    if dispute is None:
        raise missing("dispute", call.ids["dispute"])
    return dispute


ROUTES: dict[str, Handler] = {
    "GET /v1/disputes": list_all,
    "GET /v1/disputes/{dispute}": retrieve,
    "POST /v1/disputes/{dispute}/close": close,
}
