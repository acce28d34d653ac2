"""The hosted invoice page and its PDF, and paying there. The address is a secret, as at Stripe."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from simulator.engine.errors import ApiError
from simulator.engine.state import Simulator, by_hand
from simulator.engine.store import Record
from simulator.pages.filters import day, money
from simulator.pages.pdf import pdf_of
from simulator.resources.invoice_view import render_terms
from simulator.resources.line_view import render_line
from simulator.resources.payment import pay

GOOD_CARD = "pm_card_visa"


def hosted_blueprint(simulator: Simulator) -> Blueprint:
    """Return the pages at /i/<token>."""
    blueprint = Blueprint("hosted", __name__, url_prefix="/i")

    @blueprint.get("/<token>")
    def show(token: str) -> ResponseReturnValue:
        with simulator.lock:
            return _page(simulator, _find(simulator, token))

    @blueprint.post("/<token>/pay")
    def pay_now(token: str) -> ResponseReturnValue:
        with simulator.lock:
            invoice = _find(simulator, token)
            params = {"payment_method": GOOD_CARD}
            try:
                pay(by_hand(simulator, params, invoice=invoice["id"]))
            except ApiError as refusal:
                return _page(simulator, invoice, problem=refusal.message), refusal.status
            finally:
                simulator.store.commit()
        return redirect(request.path.removesuffix("/pay"), 303)

    @blueprint.get("/<token>/pdf")
    def download(token: str) -> Response:
        with simulator.lock:
            invoice = _find(simulator, token)
            document = pdf_of(_printed(simulator, invoice))
        reply = Response(document, mimetype="application/pdf")
        name = f"Invoice-{invoice['number']}.pdf"
        reply.headers["Content-Disposition"] = f'inline; filename="{name}"'
        return reply

    return blueprint


def _find(simulator: Simulator, token: str) -> Record:
    invoices = simulator.store.all("invoice").values()
    found = next((one for one in invoices if one["token"] == token and one["number"]), None)
    return found if found is not None else abort(404)


def _page(simulator: Simulator, invoice: Record, problem: str | None = None) -> str:
    return render_template(
        "hosted.html", problem=problem, token=invoice["token"], **_facts(simulator, invoice)
    )


def _facts(simulator: Simulator, invoice: Record) -> dict[str, Any]:
    items = simulator.store.all("invoiceitem")
    return {
        "invoice": render_terms(simulator.store, invoice, simulator.public_url),
        "lines": [render_line(items[one]) for one in invoice["items"]],
    }


def _printed(simulator: Simulator, invoice: Record) -> list[str]:
    """Return the invoice as lines of plain text."""
    facts = _facts(simulator, invoice)
    shown, currency = facts["invoice"], invoice["currency"]
    rows = [
        f"{money(line['amount'], currency):>24}   {line['description'] or 'Item'}"
        for line in facts["lines"]
    ]
    return [
        f"Invoice {shown['number']}",
        f"Issued {day(shown['status_transitions']['finalized_at'])}",
        f"To {shown['customer_name'] or shown['customer']}",
        "",
        *rows,
        "",
        f"{money(shown['total'], currency):>24}   Total",
        f"{money(shown['amount_due'], currency):>24}   Due",
        f"{money(shown['amount_paid'], currency):>24}   Paid",
        "",
        "Stripe simulator: this is not a real invoice.",
    ]
