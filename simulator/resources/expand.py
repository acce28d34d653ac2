"""`expand[]`: what a reply about an invoice holds only when it is asked for, and no event ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulator.engine.state import Call, Handler
from simulator.engine.store import Record
from simulator.resources.payments_list import payments_of, render_payment


def expanding(handler: Handler) -> Handler:
    """Return the handler of an operation that answers with one invoice, with its expansions."""

    def answer(call: Call) -> Record:
        shown = handler(call)
        wanted = [name for name in call.params.get("expand", ()) if name in _EXPANSIONS]
        return shown | {name: _EXPANSIONS[name](call, shown) for name in wanted}

    return answer


def _off_stripe(call: Call, shown: Record) -> int:
    invoice = call.store.all("invoice")[shown["id"]]
    return int(invoice.get("amount_paid_off_stripe", 0))


def _payments(call: Call, shown: Record) -> Record:
    payments = payments_of(call, shown["id"])[:10]
    return {
        "object": "list",
        "data": [render_payment(one) for one in payments],
        "has_more": False,
        "url": f"/v1/invoices/{shown['id']}/payments",
    }


_EXPANSIONS: Mapping[str, Callable[[Call, Record], Any]] = {
    "amount_paid_off_stripe": _off_stripe,
    "payments": _payments,
}
