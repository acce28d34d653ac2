"""Refunds: money of a payment given back. They change no field of the invoice."""

from __future__ import annotations

from simulator.engine.errors import invalid, missing, refused
from simulator.engine.metadata import merged
from simulator.engine.paging import page, within
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record, new_id
from simulator.resources.payments_list import payment_of_intent

_ENDED = ("failed", "canceled")


def create(call: Call) -> Record:
    """POST /v1/refunds: of a payment intent, all of it or `amount`."""
    given = call.params
    payment = payment_of_intent(call, given.get("payment_intent", ""))
    if payment is None or payment["status"] != "paid":
        raise missing(
            "payment_intent", given.get("payment_intent", ""), param="payment_intent", status=400
        )
    _check_no_dispute(call, payment["payment_intent"])
    left = int(payment["amount_paid"]) - refunded_of(call, payment["payment_intent"])
    cents = int(given.get("amount", left))
    if cents <= 0 or cents > left:
        raise refused(
            f"Refund amount ({cents}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    return render_refund(make_refund(call, payment, cents))


def _check_no_dispute(call: Call, intent: str) -> None:
    """Refuse while a bank holds the money, or once it took it."""
    for dispute in call.store.all("dispute").values():
        # An inquiry holds no money.
        is_harmless = dispute["status"] == "won" or dispute["status"].startswith("warning_")
        if dispute["payment_intent"] == intent and not is_harmless:
            charge = intent.replace("pi_", "ch_")
            raise refused(
                f"Charge {charge} has been charged back; cannot issue a refund.",
                code="charge_disputed",
            )


def make_refund(call: Call, payment: Record, cents: int) -> Record:
    """Give `cents` of the payment back and tell of it."""
    refund: Record = {
        "id": new_id("re"),
        "amount": cents,
        "created": call.now,
        "currency": payment["currency"],
        "failure_reason": None,
        "metadata": merged({}, call.params.get("metadata")),
        "payment_intent": payment["payment_intent"],
        "reason": call.params.get("reason"),
        "status": "succeeded",
    }
    call.store.put("refund", refund)
    call.emit("refund.created", render_refund(refund))
    return refund


def refunded_of(call: Call, intent: str) -> int:
    """Return what was given back of a payment, in minor units."""
    refunds = call.store.all("refund").values()
    return sum(
        int(one["amount"])
        for one in refunds
        if one["payment_intent"] == intent and one["status"] not in _ENDED
    )


def fail(call: Call) -> Record:
    """Let a refund fail: up to thirty days later the bank may send the money back."""
    refund = _from_path(call)
    refund |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
    call.store.put("refund", refund)
    call.emit("refund.failed", render_refund(refund))
    return render_refund(refund)


def move(call: Call) -> Record:
    """Give a refund another status, as the bank or a person at Stripe would, and tell of it."""
    refund = _from_path(call)
    refund["status"] = call.params["status"]
    call.store.put("refund", refund)
    call.emit("refund.updated", render_refund(refund))
    return render_refund(refund)


def retrieve(call: Call) -> Record:
    """GET /v1/refunds/{refund}."""
    return render_refund(_from_path(call))


def list_all(call: Call) -> Record:
    """GET /v1/refunds, newest first; of a payment intent."""
    wanted = call.params
    found = [
        refund
        for refund in reversed(call.store.all("refund").values())
        if wanted.get("payment_intent") in (None, refund["payment_intent"])
        and within(refund["created"], wanted.get("created"))
    ]
    return page(found, wanted, url="/v1/refunds", render=render_refund)


def render_refund(refund: Record) -> Record:
    """Return the refund as Stripe shows it."""
    shown = {name: value for name, value in refund.items() if name != "failure_reason"}
    if refund["failure_reason"]:
        shown["failure_reason"] = refund["failure_reason"]
    return {
        **shown,
        "object": "refund",
        "balance_transaction": None,
        "charge": refund["payment_intent"].replace("pi_", "ch_"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "transfer_reversal": None,
    }


def _from_path(call: Call) -> Record:
    refund = call.store.get("refund", call.ids["refund"])
    if refund is None:
        raise missing("refund", call.ids["refund"])
    return refund


def paid_intent(call: Call, invoice: Record) -> Record:
    """Return the payment of the invoice that money can be given back of. Raises 400."""
    payments = call.store.all("invoice_payment").values()
    for one in payments:
        if one["invoice"] == invoice["id"] and one["status"] == "paid" and one["payment_intent"]:
            return one
    raise invalid("The invoice has no payment that can be refunded.", param="refund_amount")


ROUTES: dict[str, Handler] = {
    "POST /v1/refunds": create,
    "GET /v1/refunds": list_all,
    "GET /v1/refunds/{refund}": retrieve,
}
