"""A customer's invoice balance: negative is credit, used by whichever invoice is finalized next."""

from __future__ import annotations

from simulator.engine.metadata import merged
from simulator.engine.paging import page
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record, new_id
from simulator.resources.currencies import currency_of
from simulator.resources.customers import balance_of, find_customer, set_balance


def create(call: Call) -> Record:
    """POST /v1/customers/{customer}/balance_transactions: an adjustment in minor units."""
    customer = find_customer(call.store, call.ids["customer"])
    currency = currency_of(call.params["currency"])
    return _rendered(_move(call, customer, currency, call.params["amount"]))


def move_balance(call: Call, customer: Record, invoice: Record, cents: int, kind: str) -> None:
    """Move the balance by what an invoice took from it or left on it; nothing is no transaction."""
    if cents:
        named = {"type": kind, "invoice": invoice["id"]}
        _move(call, customer, invoice["currency"], cents, **named)


def _move(call: Call, customer: Record, currency: str, cents: int, **named: str) -> Record:
    balance = balance_of(customer, currency) + cents
    set_balance(call.store, customer, currency, balance)
    transaction: Record = {
        "id": new_id("cbtxn"),
        "amount": cents,
        "created": call.now,
        "currency": currency,
        "customer": customer["id"],
        "description": call.params.get("description") if not named else None,
        "ending_balance": balance,
        "metadata": merged({}, call.params.get("metadata") if not named else None),
        **named,
    }
    call.store.put("balance_transaction", transaction)
    return transaction


def list_of_customer(call: Call) -> Record:
    """GET /v1/customers/{customer}/balance_transactions: the adjustments, newest first."""
    customer = call.ids["customer"]
    rows = reversed(call.store.all("balance_transaction").values())
    found = [row for row in rows if row["customer"] == customer]
    url = f"/v1/customers/{customer}/balance_transactions"
    return page(found, call.params, url=url, render=_rendered)


def _rendered(transaction: Record) -> Record:
    return {
        "invoice": None,
        "type": "adjustment",
        **transaction,
        "object": "customer_balance_transaction",
        "checkout_session": None,
        "credit_note": None,
        "customer_account": None,
        "livemode": False,
    }


ROUTES: dict[str, Handler] = {
    "POST /v1/customers/{customer}/balance_transactions": create,
    "GET /v1/customers/{customer}/balance_transactions": list_of_customer,
}
