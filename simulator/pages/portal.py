"""The portal's page: past invoices, the card on file, and changing it. The address is the key."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from simulator.engine.state import Simulator, by_hand
from simulator.engine.store import Record
from simulator.resources.customers import render_customer, update
from simulator.resources.invoice_view import render_terms
from simulator.resources.payment_methods import TEST_CARDS

# The cards a person may choose here, and what becomes of a payment with each.
CHOICES = {
    "pm_card_visa": "",
    "pm_card_chargeDeclined": " (will be declined)",
    "pm_card_authenticationRequired": " (must be confirmed)",
    "pm_card_createDispute": " (will be disputed)",
}
# A session is short-lived; a page left open over lunch asks for a new one.
LIFETIME_SECONDS = 60 * 60


def portal_blueprint(simulator: Simulator) -> Blueprint:
    """Return the pages at /p/session/<id>."""
    blueprint = Blueprint("portal", __name__, url_prefix="/p/session")

    @blueprint.get("/<session_id>")
    def show(session_id: str) -> str:
        with simulator.lock:
            return _page(simulator, _find(simulator, session_id))

    @blueprint.post("/<session_id>/card")
    def change_card(session_id: str) -> ResponseReturnValue:
        chosen = request.form.get("card", "")
        if chosen not in CHOICES:
            abort(400)
        with simulator.lock:
            session = _find(simulator, session_id)
            params = {"invoice_settings": {"default_payment_method": chosen}}
            update(by_hand(simulator, params, customer=session["customer"]))
            simulator.store.commit()
        return redirect(request.path.removesuffix("/card"), 303)

    return blueprint


def _find(simulator: Simulator, session_id: str) -> Record:
    session = simulator.store.get("portal_session", session_id)
    if session is None or session["created"] + LIFETIME_SECONDS < simulator.clock.now():
        abort(404)
    return session


def _page(simulator: Simulator, session: Record) -> str:
    customer = simulator.store.all("customer")[session["customer"]]
    invoices = [
        render_terms(simulator.store, invoice, simulator.public_url)
        for invoice in reversed(simulator.store.all("invoice").values())
        if invoice["customer"] == customer["id"] and invoice["number"]
    ]
    return render_template(
        "portal.html",
        session=session,
        customer=render_customer(customer),
        card=simulator.store.get("payment_method", customer["default_payment_method"] or ""),
        invoices=invoices,
        choices=[(name, *TEST_CARDS[name][:2], outcome) for name, outcome in CHOICES.items()],
    )
