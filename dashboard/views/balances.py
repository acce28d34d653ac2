"""The customer's balance at Stripe: what moved it, what it came to, and what cannot be known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flask import Blueprint, Response, current_app, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from dashboard.accounts.permissions import permission
from dashboard.audit.write import write_entry
from dashboard.billing.balance_history import BalanceStep, History, balance_history
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.balance_records import RemoteBalance
from dashboard.gateway.errors import GatewayError
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.reasons import calling_for
from dashboard.money import Money
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.transaction import checkpoint
from dashboard.views.access import current_actor
from dashboard.views.exports import csv_answer
from dashboard.views.formatting import machine

bp = Blueprint("balances", __name__, url_prefix="/organizations/<slug>")
HEADING = ("noticed_at", "what", "invoice", "credit_note", "amount", "balance", "currency")
# Stripe's types: what they are called, and whether somebody else than this product moved it.
TYPES = {
    "adjustment": "Moved by hand, or by another application",
    "applied_to_invoice": "Taken or left by an invoice",
    "credit_note": "Credit note",
    "initial": "What was there at first",
    "invoice_overpaid": "Overpaid",
    "invoice_too_large": "Too large to charge",
    "invoice_too_small": "Too small to charge, carried over",
    "migration": "Moved by Stripe",
    "unapplied_from_invoice": "Back from a void invoice",
    "unspent_receiver_credit": "Money received and not spent",
}


class AtStripe(NamedTuple):
    """What Stripe says, or why it could not be asked; invoices of ours by Stripe's name of them."""

    told: RemoteBalance | None
    why_not: str
    ours: dict[str, Invoice]


@bp.get("/balance")
@permission("invoice.view")
def show(slug: str) -> ResponseReturnValue:
    """Show the moves that the ledger knows of; Stripe is not asked."""
    return _page(organization_by_slug(slug))


@bp.post("/balance/readings")
@permission("balance.read")
def create(slug: str) -> ResponseReturnValue:
    """Read the moves at Stripe, one read, and show them beside."""
    organization = organization_by_slug(slug)
    return _page(organization, _read(organization))


@bp.get("/balance.csv")
@permission("invoice.view")
def export(slug: str) -> Response:
    """Download the moves that the ledger knows of."""
    organization = organization_by_slug(slug)
    write_entry("balance.exported", organization, current_actor(), now=utc_now())
    rows = list(_rows(balance_history(organization)))
    return csv_answer(f"{slug}-balance-{utc_now():%Y-%m-%d}.csv", rows)


def _read(organization: Organization) -> AtStripe:
    gateway: Gateway = current_app.extensions["page_gateway"]
    customer = organization.stripe_customer_id
    if customer is None:
        return AtStripe(None, "There is no customer at Stripe yet, and so no balance.", {})
    checkpoint()
    try:
        with calling_for("reading"):
            told = gateway.balance_moves(customer)
    except GatewayError as error:
        return AtStripe(None, error.message, {})
    named = {one.stripe_invoice_id for one in told.moves if one.stripe_invoice_id}
    query = select(Invoice).where(
        Invoice.organization_id == organization.id, Invoice.stripe_invoice_id.in_(named)
    )
    ours = {str(one.stripe_invoice_id): one for one in db.session.scalars(query)}
    return AtStripe(told, "", ours)


def _page(organization: Organization, at_stripe: AtStripe | None = None) -> str:
    history = balance_history(organization)
    steps: Sequence[BalanceStep] = history.steps[::-1]
    return render_template(
        "balances/show.html",
        organization=organization,
        history=history,
        steps=steps,
        at_stripe=at_stripe,
        types=TYPES,
    )


def _rows(history: History) -> Iterator[Sequence[object]]:
    yield HEADING
    for one in history.steps:
        balance = one.balance_cents
        yield (
            machine(one.at), one.kind, one.invoice.number or one.invoice.sequence, one.note or "",
            Money(one.cents, history.currency).major,
            "" if balance is None else Money(balance, history.currency).major,
            history.currency.upper(),
        )  # fmt: skip
