"""Customers, and the shape of their replies."""

from __future__ import annotations

import secrets
from typing import Any

from simulator.engine.errors import invalid, missing
from simulator.engine.metadata import merged
from simulator.engine.paging import page, within
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record, Store, new_id
from simulator.resources.payment_methods import attach_to, find_method
from simulator.resources.taxation import UNKNOWN, location_of

_PLAIN = ("address", "description", "email", "name", "phone", "preferred_locales", "shipping")
DEFAULT_CURRENCY = "usd"


def find_customer(store: Store, identifier: str, *, param: str = "customer") -> Record:
    """Return a living customer named by a parameter. Raises 400 resource_missing."""
    customer = store.get("customer", identifier)
    if customer is None or customer["deleted"]:
        raise missing("customer", identifier, param=param, status=400)
    return customer


def create(call: Call) -> Record:
    """POST /v1/customers."""
    customer: Record = {
        "id": new_id("cus"),
        "created": call.now,
        "deleted": False,
        "balances": {},
        "currency": None,
        "default_payment_method": None,
        "footer": None,
        "invoice_prefix": secrets.token_hex(4).upper(),
        "metadata": {},
        "next_invoice_sequence": 1,
        "tax_exempt": "none",
        **dict.fromkeys(_PLAIN),
    }
    if method := call.params.get("payment_method"):
        attach_to(call, find_method(call, method, param="payment_method"), customer)
    _apply(call, customer)
    call.store.put("customer", customer)
    call.emit("customer.created", render_customer(customer))
    return render_customer(customer)


def retrieve(call: Call) -> Record:
    """GET /v1/customers/{customer}; a deleted one answers with its tombstone."""
    customer = _from_path(call)
    return _tombstone(customer) if customer["deleted"] else _with_tax(call, customer)


def _with_tax(call: Call, customer: Record) -> Record:
    """Return the customer, with what is said of its tax where that was asked for."""
    shown = render_customer(customer)
    if "tax" not in call.params.get("expand", ()):
        return shown
    tax = {"automatic_tax": location_of(call.store, customer), "ip_address": None, "location": None}
    return shown | {"tax": {**tax, "provider": "stripe"}}


def update(call: Call) -> Record:
    """POST /v1/customers/{customer}."""
    customer = _living_from_path(call)
    before = render_customer(customer)
    _refuse_location(call, customer)
    _apply(call, customer)
    call.store.put("customer", customer)
    after = render_customer(customer)
    previous = {name: value for name, value in before.items() if after[name] != value}
    if previous:
        call.emit("customer.updated", after, previous)
    return _with_tax(call, customer)


def _refuse_location(call: Call, customer: Record) -> None:
    """Raise 400 where the address is to be looked at and no tax can be told from it."""
    if (call.params.get("tax") or {}).get("validate_location") != "immediately":
        return
    wanted = {**customer, "address": call.params.get("address") or customer["address"]}
    if location_of(call.store, wanted) == UNKNOWN:
        raise invalid(
            "The customer's location isn't recognized. Set a valid customer address in order to "
            "automatically calculate tax.",
            param="tax[validate_location]",
            code="customer_tax_location_invalid",
        )


def delete(call: Call) -> Record:
    """DELETE /v1/customers/{customer}."""
    customer = _living_from_path(call)
    customer["deleted"] = True
    call.store.put("customer", customer)
    call.emit("customer.deleted", render_customer(customer))
    return _tombstone(customer)


def list_all(call: Call) -> Record:
    """GET /v1/customers, newest first."""
    wanted = call.params
    found = [
        customer
        for customer in reversed(call.store.all("customer").values())
        if not customer["deleted"]
        and wanted.get("email") in (None, customer["email"])
        and within(customer["created"], wanted.get("created"))
    ]
    return page(found, wanted, url="/v1/customers", render=render_customer)


def balance_of(customer: Record, currency: str) -> int:
    """Return the invoice balance in minor units; negative is credit."""
    return int(customer["balances"].get(currency, 0))


def set_balance(store: Store, customer: Record, currency: str, cents: int) -> None:
    """Replace the invoice balance in one currency."""
    customer["balances"] = {**customer["balances"], currency: cents}
    store.put("customer", customer)


def render_customer(customer: Record) -> Record:
    """Return the customer as Stripe shows it."""
    currency = customer["currency"] or DEFAULT_CURRENCY
    return {
        "id": customer["id"],
        "object": "customer",
        **{name: customer[name] for name in _PLAIN},
        "balance": balance_of(customer, currency),
        "created": customer["created"],
        "currency": customer["currency"],
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "discount": None,
        "invoice_credit_balance": {k: -v for k, v in customer["balances"].items() if v < 0},
        "invoice_prefix": customer["invoice_prefix"],
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": customer["default_payment_method"],
            "footer": customer["footer"],
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": customer["metadata"],
        "next_invoice_sequence": customer["next_invoice_sequence"],
        "tax_exempt": customer["tax_exempt"],
        "test_clock": None,
    }


def _apply(call: Call, customer: Record) -> None:
    given = call.params
    metadata = merged(customer["metadata"], given.get("metadata"))
    settings: dict[str, Any] = given.get("invoice_settings") or {}
    if "default_payment_method" in settings:
        customer["default_payment_method"] = _chosen_method(call, customer, settings)
    customer["metadata"] = metadata
    if "footer" in settings:
        customer["footer"] = settings["footer"]
    for name in (*_PLAIN, "invoice_prefix", "next_invoice_sequence", "tax_exempt"):
        if name in given:
            customer[name] = given[name] if given[name] != "" else None
    if "balance" in given:
        currency = customer["currency"] or DEFAULT_CURRENCY
        customer["balances"] = {**customer["balances"], currency: given["balance"]}


def _chosen_method(call: Call, customer: Record, settings: dict[str, Any]) -> str | None:
    chosen = settings["default_payment_method"]
    if not chosen:
        return None
    # Stripe wants the method attached first; a test name like pm_card_visa is taken as it comes.
    named = "invoice_settings[default_payment_method]"
    return str(attach_to(call, find_method(call, chosen, param=named), customer)["id"])


def _from_path(call: Call) -> Record:
    customer = call.store.get("customer", call.ids["customer"])
    if customer is None:
        raise missing("customer", call.ids["customer"])
    return customer


def _living_from_path(call: Call) -> Record:
    customer = _from_path(call)
    if customer["deleted"]:
        raise missing("customer", customer["id"])
    return customer


def _tombstone(customer: Record) -> Record:
    return {"id": customer["id"], "object": "customer", "deleted": True}


ROUTES: dict[str, Handler] = {
    "POST /v1/customers": create,
    "GET /v1/customers": list_all,
    "GET /v1/customers/{customer}": retrieve,
    "POST /v1/customers/{customer}": update,
    "DELETE /v1/customers/{customer}": delete,
}
