"""The hosted invoice page and its PDF, and paying there. The address is a secret, as at Stripe."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.sandbox.errors import ApiError
from dashboard.sandbox.invoice_view import render_terms
from dashboard.sandbox.line_view import render_line
from dashboard.sandbox.pages import by_hand, day, money
from dashboard.sandbox.payment import pay
from dashboard.sandbox.pdf import pdf_of
from dashboard.sandbox.state import Sandbox
from dashboard.sandbox.store import Record

GOOD_CARD = "pm_card_visa"


def hosted_blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the pages at /i/<token>."""
    blueprint = Blueprint("hosted", __name__, url_prefix="/i")

    @blueprint.get("/<token>")
    def show(token: str) -> ResponseReturnValue:
        with sandbox.lock:
            return _page(sandbox, _find(sandbox, token))

    @blueprint.post("/<token>/pay")
    def pay_now(token: str) -> ResponseReturnValue:
        with sandbox.lock:
            invoice = _find(sandbox, token)
            params = {"payment_method": GOOD_CARD}
            try:
                pay(by_hand(sandbox, params, invoice=invoice["id"]))
            except ApiError as refusal:
                return _page(sandbox, invoice, problem=refusal.message), refusal.status
            finally:
                sandbox.store.commit()
        return redirect(request.path.removesuffix("/pay"), 303)

    @blueprint.get("/<token>/pdf")
    def download(token: str) -> Response:
        with sandbox.lock:
            invoice = _find(sandbox, token)
            document = pdf_of(_printed(sandbox, invoice))
        reply = Response(document, mimetype="application/pdf")
        name = f"Invoice-{invoice['number']}.pdf"
        reply.headers["Content-Disposition"] = f'inline; filename="{name}"'
        return reply

    return blueprint


def _find(sandbox: Sandbox, token: str) -> Record:
    invoices = sandbox.store.all("invoice").values()
    found = next((one for one in invoices if one["token"] == token and one["number"]), None)
    return found if found is not None else abort(404)


def _page(sandbox: Sandbox, invoice: Record, problem: str | None = None) -> str:
    return render_template(
        "hosted.html", problem=problem, token=invoice["token"], **_facts(sandbox, invoice)
    )


def _facts(sandbox: Sandbox, invoice: Record) -> dict[str, Any]:
    items = sandbox.store.all("invoiceitem")
    return {
        "invoice": render_terms(sandbox.store, invoice, sandbox.public_url),
        "lines": [render_line(items[one]) for one in invoice["items"]],
    }


def _printed(sandbox: Sandbox, invoice: Record) -> list[str]:
    """Return the invoice as lines of plain text."""
    facts = _facts(sandbox, invoice)
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
