"""Test payment methods: Stripe's well-known names become a card of the customer who gets them."""

from __future__ import annotations

from simulator.engine.errors import missing
from simulator.engine.paging import page
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record, Store, new_id

# name -> (brand, last four digits, why a charge is declined: None where it goes through)
TEST_CARDS = {
    "pm_card_visa": ("visa", "4242", None),
    "pm_card_mastercard": ("mastercard", "4444", None),
    "pm_card_chargeDeclined": ("visa", "0002", "generic_decline"),
    "pm_card_visa_chargeDeclined": ("visa", "0002", "generic_decline"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ("visa", "9995", "insufficient_funds"),
    "pm_card_chargeCustomerFail": ("visa", "0341", "generic_decline"),
    "pm_card_authenticationRequired": ("visa", "3184", "authentication_required"),
    "pm_card_createDispute": ("visa", "0259", None),
}
# Whoever pays with it has their bank ask for the money back.
DISPUTES = "0259"
EXPIRES = (12, 2040)


def find_method(call: Call, identifier: str, *, param: str = "payment_method") -> Record:
    """Return the payment method, or a fresh card for a test name. Raises 400 resource_missing."""
    if identifier in TEST_CARDS:
        return _new_card(identifier, call.now)
    method = call.store.get("payment_method", identifier)
    if method is None:
        raise missing("PaymentMethod", identifier, param=param, status=400)
    return method


def attach_to(call: Call, method: Record, customer: Record) -> Record:
    """Make the method the customer's (safe to repeat) and return it."""
    if method["customer"] != customer["id"]:
        method["customer"] = customer["id"]
        call.store.put("payment_method", method)
        call.emit("payment_method.attached", render_method(method))
    return method


def decline_code(store: Store, method_id: str) -> str | None:
    """Return why a charge on this method is declined; None where it goes through."""
    if method_id in TEST_CARDS:
        return TEST_CARDS[method_id][2]
    method = store.get("payment_method", method_id)
    if method is None:
        return "generic_decline"
    # Kept by a simulator that knew no reasons.
    return method.get("declines") or (None if method.get("succeeds", True) else "generic_decline")


def is_disputed(store: Store, method_id: str | None) -> bool:
    """Whether a bank asks back what was charged on this method."""
    method = store.get("payment_method", method_id or "")
    return method is not None and method["last4"] == DISPUTES


def attach(call: Call) -> Record:
    """POST /v1/payment_methods/{payment_method}/attach."""
    customer = call.store.get("customer", call.params.get("customer", ""))
    if customer is None or customer["deleted"]:
        raise missing("customer", call.params.get("customer", ""), param="customer", status=400)
    method = find_method(call, call.ids["payment_method"])
    return render_method(attach_to(call, method, customer))


def detach(call: Call) -> Record:
    """POST /v1/payment_methods/{payment_method}/detach."""
    method = _from_path(call)
    customer = call.store.get("customer", method["customer"] or "")
    if customer is not None and customer["default_payment_method"] == method["id"]:
        customer["default_payment_method"] = None
        call.store.put("customer", customer)
    # Whose it was, only what changed says.
    before = {"customer": method["customer"]}
    method["customer"] = None
    call.store.put("payment_method", method)
    call.emit("payment_method.detached", render_method(method), before)
    return render_method(method)


def update(call: Call) -> Record:
    """POST /v1/payment_methods/{payment_method}: of a card its expiry may be set."""
    method = _from_path(call)
    given = call.params.get("card", {})
    names = [name for name in ("exp_month", "exp_year") if name in given]
    shown = render_method(method)["card"]
    method |= {name: int(given[name]) for name in names}
    call.store.put("payment_method", method)
    before = {"card": {name: shown[name] for name in names}}
    call.emit("payment_method.updated", render_method(method), before)
    return render_method(method)


def retrieve(call: Call) -> Record:
    """GET /v1/payment_methods/{payment_method}."""
    return render_method(_from_path(call))


def list_of_customer(call: Call) -> Record:
    """GET /v1/customers/{customer}/payment_methods, newest first."""
    customer = call.ids["customer"]
    methods = reversed(call.store.all("payment_method").values())
    found = [method for method in methods if method["customer"] == customer]
    url = f"/v1/customers/{customer}/payment_methods"
    return page(found, call.params, url=url, render=render_method)


def render_method(method: Record) -> Record:
    """Return the payment method as Stripe shows it."""
    month, year = EXPIRES
    nobody = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
    return {
        "id": method["id"],
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": nobody,
        "card": {
            "brand": method["brand"],
            "checks": None,
            "country": "US",
            "display_brand": method["brand"],
            "exp_month": method.get("exp_month", month),
            "exp_year": method.get("exp_year", year),
            "fingerprint": None,
            "funding": "credit",
            "generated_from": None,
            "last4": method["last4"],
            "networks": None,
            "regulated_status": "unregulated",
            "three_d_secure_usage": None,
            "wallet": None,
        },
        "created": method["created"],
        "customer": method["customer"],
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def _new_card(name: str, now: int) -> Record:
    brand, last4, declines = TEST_CARDS[name]
    return {
        "id": new_id("pm"),
        "brand": brand,
        "last4": last4,
        "declines": declines,
        "created": now,
        "customer": None,
    }


def _from_path(call: Call) -> Record:
    method = call.store.get("payment_method", call.ids["payment_method"])
    if method is None:
        raise missing("PaymentMethod", call.ids["payment_method"], param="payment_method")
    return method


ROUTES: dict[str, Handler] = {
    "GET /v1/payment_methods/{payment_method}": retrieve,
    "POST /v1/payment_methods/{payment_method}": update,
    "POST /v1/payment_methods/{payment_method}/attach": attach,
    "POST /v1/payment_methods/{payment_method}/detach": detach,
    "GET /v1/customers/{customer}/payment_methods": list_of_customer,
}
