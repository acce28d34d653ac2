"""The simulator's own dashboard: look at customers and invoices, and meddle with a draft as
a person could in Stripe's. Every change goes through the API's own operations, without a key."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from simulator.engine.errors import ApiError
from simulator.engine.state import Handler, Simulator, by_hand
from simulator.engine.store import Record
from simulator.resources import finalize, invoices, lines, payment
from simulator.resources.customers import render_customer
from simulator.resources.invoice_view import render_terms
from simulator.resources.line_view import render_line

SHOWN = 100
_MOVES: dict[str, Handler] = {
    "finalize": finalize.finalize,
    "void": payment.void,
    "uncollectible": payment.mark_uncollectible,
}


def dashboard_blueprint(simulator: Simulator) -> Blueprint:
    """Return the index at / and one page per invoice under /_simulator/dashboard."""
    blueprint = Blueprint("dashboard", __name__)
    _add_pages(blueprint, simulator)
    _add_changes(blueprint, simulator)
    return blueprint


def _add_pages(blueprint: Blueprint, simulator: Simulator) -> None:
    @blueprint.get("/")
    def index() -> str:
        with simulator.lock:
            customers = simulator.store.all("customer")
            found = list(reversed(simulator.store.all("invoice").values()))[:SHOWN]
            rows = [(_terms(simulator, one), customers[one["customer"]]) for one in found]
            shown = [render_customer(one) for one in list(reversed(customers.values()))[:SHOWN]]
            return render_template("index.html", rows=rows, customers=shown, limit=SHOWN)

    @blueprint.get("/_simulator/dashboard/invoices/<invoice_id>")
    def invoice(invoice_id: str) -> str:
        with simulator.lock:
            return _invoice_page(simulator, invoice_id)


def _add_changes(blueprint: Blueprint, simulator: Simulator) -> None:
    @blueprint.post("/_simulator/dashboard/invoices/<invoice_id>/lines")
    def add_line(invoice_id: str) -> ResponseReturnValue:
        line = {"amount": _cents(), "description": request.form.get("description", "")}
        return _change(simulator, invoice_id, lines.add, {"lines": [line]})

    @blueprint.post("/_simulator/dashboard/invoices/<invoice_id>/lines/<line_id>")
    def change_line(invoice_id: str, line_id: str) -> ResponseReturnValue:
        line = {"id": line_id, "amount": _cents()}
        return _change(simulator, invoice_id, lines.update, {"lines": [line]})

    @blueprint.post("/_simulator/dashboard/invoices/<invoice_id>/lines/<line_id>/delete")
    def delete_line(invoice_id: str, line_id: str) -> ResponseReturnValue:
        line = {"id": line_id, "behavior": "delete"}
        return _change(simulator, invoice_id, lines.remove, {"lines": [line]})

    @blueprint.post("/_simulator/dashboard/invoices/<invoice_id>/delete")
    def delete(invoice_id: str) -> ResponseReturnValue:
        return _change(simulator, invoice_id, invoices.delete, {}, back=lambda: "/")

    @blueprint.post("/_simulator/dashboard/invoices/<invoice_id>/<move>")
    def move_on(invoice_id: str, move: str) -> ResponseReturnValue:
        if move not in _MOVES:
            abort(404)
        return _change(simulator, invoice_id, _MOVES[move], {})


def _change(
    simulator: Simulator,
    invoice_id: str,
    handler: Handler,
    params: Record,
    back: Callable[[], str] | None = None,
) -> ResponseReturnValue:
    with simulator.lock:
        try:
            handler(by_hand(simulator, params, invoice=invoice_id))
        except ApiError as refusal:
            return _invoice_page(simulator, invoice_id, refusal.message), refusal.status
        finally:
            simulator.store.commit()
    page = back() if back else url_for("dashboard.invoice", invoice_id=invoice_id)
    return redirect(page, 303)


def _invoice_page(simulator: Simulator, invoice_id: str, problem: str | None = None) -> str:
    invoice = simulator.store.get("invoice", invoice_id)
    if invoice is None:
        abort(404)
    items = simulator.store.all("invoiceitem")
    return render_template(
        "invoice.html",
        invoice=_terms(simulator, invoice),
        lines=[render_line(items[one]) for one in invoice["items"]],
        problem=problem,
    )


def _terms(simulator: Simulator, invoice: Record) -> Record:
    return render_terms(simulator.store, invoice, simulator.public_url)


def _cents() -> int:
    """Return the form's amount in minor units; 400 when it is no whole number."""
    wanted = request.form.get("amount", type=int)
    return wanted if wanted is not None else abort(400)
