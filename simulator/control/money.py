"""The control surface's money: what banks and bookkeepers do, and Stripe's API has no call for."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from simulator.engine.errors import ApiError
from simulator.engine.state import Handler, Simulator, by_hand
from simulator.resources import disputes, payment, refunds
from simulator.resources.taxation import SETTINGS, settings_of


def money_blueprint(simulator: Simulator) -> Blueprint:
    """Return the routes that open and move disputes, move and fail refunds and pay elsewhere."""
    blueprint = Blueprint("money", __name__, url_prefix="/_simulator")

    @blueprint.post("/disputes")
    def open_dispute() -> ResponseReturnValue:
        return carry_out(simulator, disputes.open_dispute)

    @blueprint.post("/disputes/<dispute>")
    def move_dispute(dispute: str) -> ResponseReturnValue:
        return carry_out(simulator, disputes.move, dispute=dispute)

    @blueprint.post("/refunds/<refund>/fail")
    def fail_refund(refund: str) -> ResponseReturnValue:
        return carry_out(simulator, refunds.fail, refund=refund)

    @blueprint.post("/refunds/<refund>")
    def move_refund(refund: str) -> ResponseReturnValue:
        return carry_out(simulator, refunds.move, refund=refund)

    @blueprint.post("/invoices/<invoice>/paid-elsewhere")
    def paid_elsewhere(invoice: str) -> ResponseReturnValue:
        return carry_out(simulator, payment.paid_elsewhere, invoice=invoice)

    @blueprint.post("/invoices/<invoice>/detach-payment")
    def detach(invoice: str) -> ResponseReturnValue:
        return carry_out(simulator, payment.detach_payment, invoice=invoice)

    @blueprint.post("/tax")
    def set_tax() -> ResponseReturnValue:
        """Set the rates by country, the default behavior, and whether working tax out fails."""
        given: dict[str, Any] = request.get_json(silent=True) or {}
        with simulator.lock:
            wanted = {name: given[name] for name in ("rates", "behavior", "fails") if name in given}
            settings: dict[str, Any] = settings_of(simulator.store) | wanted
            simulator.store.put(SETTINGS, settings)
            simulator.store.commit()
        return jsonify(settings)

    return blueprint


def carry_out(simulator: Simulator, handler: Handler, **ids: str) -> ResponseReturnValue:
    """Answer a request of the control surface by what a handler does, as if by hand."""
    given: dict[str, Any] = request.get_json(silent=True) or {}
    with simulator.lock:
        try:
            return jsonify(handler(by_hand(simulator, given, **ids)))
        except ApiError as refusal:
            return jsonify(refusal.body()), refusal.status
        finally:
            simulator.store.commit()
