"""The control surface's money: what banks and bookkeepers do, and Stripe's API has no call for."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from dashboard.sandbox import disputes, payment, refunds
from dashboard.sandbox.errors import ApiError
from dashboard.sandbox.pages import by_hand
from dashboard.sandbox.state import Handler, Sandbox


def money_blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the routes that open and move disputes, fail refunds and pay elsewhere."""
    blueprint = Blueprint("money", __name__, url_prefix="/_sandbox")

    @blueprint.post("/disputes")
    def open_dispute() -> ResponseReturnValue:
        return _do(sandbox, disputes.open_dispute)

    @blueprint.post("/disputes/<dispute>")
    def move_dispute(dispute: str) -> ResponseReturnValue:
        return _do(sandbox, disputes.move, dispute=dispute)

    @blueprint.post("/refunds/<refund>/fail")
    def fail_refund(refund: str) -> ResponseReturnValue:
        return _do(sandbox, refunds.fail, refund=refund)

    @blueprint.post("/invoices/<invoice>/paid-elsewhere")
    def paid_elsewhere(invoice: str) -> ResponseReturnValue:
        return _do(sandbox, payment.paid_elsewhere, invoice=invoice)

    @blueprint.post("/invoices/<invoice>/detach-payment")
    def detach(invoice: str) -> ResponseReturnValue:
        return _do(sandbox, payment.detach_payment, invoice=invoice)

    return blueprint


def _do(sandbox: Sandbox, handler: Handler, **ids: str) -> ResponseReturnValue:
    given: dict[str, Any] = request.get_json(silent=True) or {}
    with sandbox.lock:
        try:
            return jsonify(handler(by_hand(sandbox, given, **ids)))
        except ApiError as refusal:
            return jsonify(refusal.body()), refusal.status
        finally:
            sandbox.store.commit()
