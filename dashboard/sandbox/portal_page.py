"""The portal's page: past invoices, the card on file, and changing it. The address is the key."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.sandbox.customers import render_customer, update
from dashboard.sandbox.invoice_view import render_terms
from dashboard.sandbox.pages import by_hand
from dashboard.sandbox.payment_methods import TEST_CARDS
from dashboard.sandbox.state import Sandbox
from dashboard.sandbox.store import Record

# The cards a person may choose here: one that pays, one that is declined.
CHOICES = ("pm_card_visa", "pm_card_chargeDeclined")
# A session is short-lived; a page left open over lunch asks for a new one.
LIFETIME_SECONDS = 60 * 60


def portal_blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the pages at /p/session/<id>."""
    blueprint = Blueprint("portal", __name__, url_prefix="/p/session")

    @blueprint.get("/<session_id>")
    def show(session_id: str) -> str:
        with sandbox.lock:
            return _page(sandbox, _find(sandbox, session_id))

    @blueprint.post("/<session_id>/card")
    def change_card(session_id: str) -> ResponseReturnValue:
        chosen = request.form.get("card", "")
        if chosen not in CHOICES:
            abort(400)
        with sandbox.lock:
            session = _find(sandbox, session_id)
            params = {"invoice_settings": {"default_payment_method": chosen}}
            update(by_hand(sandbox, params, customer=session["customer"]))
            sandbox.store.commit()
        return redirect(request.path.removesuffix("/card"), 303)

    return blueprint


def _find(sandbox: Sandbox, session_id: str) -> Record:
    session = sandbox.store.get("portal_session", session_id)
    if session is None or session["created"] + LIFETIME_SECONDS < sandbox.clock.now():
        abort(404)
    return session


def _page(sandbox: Sandbox, session: Record) -> str:
    customer = sandbox.store.all("customer")[session["customer"]]
    invoices = [
        render_terms(sandbox.store, invoice, sandbox.public_url)
        for invoice in reversed(sandbox.store.all("invoice").values())
        if invoice["customer"] == customer["id"] and invoice["number"]
    ]
    return render_template(
        "portal.html",
        session=session,
        customer=render_customer(customer),
        card=sandbox.store.get("payment_method", customer["default_payment_method"] or ""),
        invoices=invoices,
        choices=[(name, TEST_CARDS[name]) for name in CHOICES],
    )
