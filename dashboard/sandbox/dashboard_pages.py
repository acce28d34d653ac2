"""The sandbox's own dashboard: look at customers and invoices, and meddle with a draft as a person
could in Stripe's. Every change goes through the same operations as the API's, without a key."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.sandbox import finalize, invoices, lines, payment
from dashboard.sandbox.customers import render_customer
from dashboard.sandbox.errors import ApiError
from dashboard.sandbox.invoice_view import render_terms
from dashboard.sandbox.line_view import render_line
from dashboard.sandbox.pages import by_hand
from dashboard.sandbox.state import Handler, Sandbox
from dashboard.sandbox.store import Record

SHOWN = 100
_MOVES: dict[str, Handler] = {
    "finalize": finalize.finalize,
    "void": payment.void,
    "uncollectible": payment.mark_uncollectible,
}


def dashboard_blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the index at / and one page per invoice under /_sandbox/dashboard."""
    blueprint = Blueprint("dashboard", __name__)
    _add_pages(blueprint, sandbox)
    _add_changes(blueprint, sandbox)
    return blueprint


def _add_pages(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.get("/")
    def index() -> str:
        with sandbox.lock:
            customers = sandbox.store.all("customer")
            found = list(reversed(sandbox.store.all("invoice").values()))[:SHOWN]
            rows = [(_terms(sandbox, one), customers[one["customer"]]) for one in found]
            shown = [render_customer(one) for one in list(reversed(customers.values()))[:SHOWN]]
            return render_template("index.html", rows=rows, customers=shown, limit=SHOWN)

    @blueprint.get("/_sandbox/dashboard/invoices/<invoice_id>")
    def invoice(invoice_id: str) -> str:
        with sandbox.lock:
            return _invoice_page(sandbox, invoice_id)


def _add_changes(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.post("/_sandbox/dashboard/invoices/<invoice_id>/lines")
    def add_line(invoice_id: str) -> ResponseReturnValue:
        line = {"amount": _cents(), "description": request.form.get("description", "")}
        return _change(sandbox, invoice_id, lines.add, {"lines": [line]})

    @blueprint.post("/_sandbox/dashboard/invoices/<invoice_id>/lines/<line_id>")
    def change_line(invoice_id: str, line_id: str) -> ResponseReturnValue:
        line = {"id": line_id, "amount": _cents()}
        return _change(sandbox, invoice_id, lines.update, {"lines": [line]})

    @blueprint.post("/_sandbox/dashboard/invoices/<invoice_id>/lines/<line_id>/delete")
    def delete_line(invoice_id: str, line_id: str) -> ResponseReturnValue:
        line = {"id": line_id, "behavior": "delete"}
        return _change(sandbox, invoice_id, lines.remove, {"lines": [line]})

    @blueprint.post("/_sandbox/dashboard/invoices/<invoice_id>/delete")
    def delete(invoice_id: str) -> ResponseReturnValue:
        return _change(sandbox, invoice_id, invoices.delete, {}, back=lambda: "/")

    @blueprint.post("/_sandbox/dashboard/invoices/<invoice_id>/<move>")
    def move_on(invoice_id: str, move: str) -> ResponseReturnValue:
        if move not in _MOVES:
            abort(404)
        return _change(sandbox, invoice_id, _MOVES[move], {})


def _change(
    sandbox: Sandbox,
    invoice_id: str,
    handler: Handler,
    params: Record,
    back: Callable[[], str] | None = None,
) -> ResponseReturnValue:
    with sandbox.lock:
        try:
            handler(by_hand(sandbox, params, invoice=invoice_id))
        except ApiError as refusal:
            return _invoice_page(sandbox, invoice_id, refusal.message), refusal.status
        finally:
            sandbox.store.commit()
    page = back() if back else url_for("dashboard.invoice", invoice_id=invoice_id)
    return redirect(page, 303)


def _invoice_page(sandbox: Sandbox, invoice_id: str, problem: str | None = None) -> str:
    invoice = sandbox.store.get("invoice", invoice_id)
    if invoice is None:
        abort(404)
    items = sandbox.store.all("invoiceitem")
    return render_template(
        "invoice.html",
        invoice=_terms(sandbox, invoice),
        lines=[render_line(items[one]) for one in invoice["items"]],
        problem=problem,
    )


def _terms(sandbox: Sandbox, invoice: Record) -> Record:
    return render_terms(sandbox.store, invoice, sandbox.public_url)


def _cents() -> int:
    """Return the form's amount in minor units; 400 when it is no whole number."""
    wanted = request.form.get("amount", type=int)
    return wanted if wanted is not None else abort(400)
