"""A customer's tax ids, which an invoice shows beside the address it is made out to."""

from __future__ import annotations

from simulator.engine.state import Call, Handler
from simulator.engine.store import Record, new_id
from simulator.resources.customers import find_customer


def create(call: Call) -> Record:
    """POST /v1/customers/{customer}/tax_ids."""
    customer = find_customer(call.store, call.ids["customer"])
    given = {"type": call.params["type"], "value": call.params["value"]}
    # Customers that were kept before there were tax ids have none.
    customer["tax_ids"] = [*customer.get("tax_ids", []), given]
    call.store.put("customer", customer)
    made = _rendered(call, customer, given)
    call.emit("customer.tax_id.created", made)
    return made


def _rendered(call: Call, customer: Record, given: Record) -> Record:
    return {
        "id": new_id("txi"),
        "object": "tax_id",
        "country": "US" if given["type"].startswith("us_") else None,
        "created": call.now,
        "customer": customer["id"],
        "customer_account": None,
        "livemode": False,
        "owner": {"type": "customer", "customer": customer["id"]},
        **given,
        "verification": None,
    }


ROUTES: dict[str, Handler] = {"POST /v1/customers/{customer}/tax_ids": create}
