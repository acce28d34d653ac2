"""What Stripe says of a customer's balance, its JSON to our records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.gateway.balance_records import RemoteBalanceMove
from dashboard.gateway.odd import cut, moment, whole

MOST_OF_A_DESCRIPTION = 200
MOST_OF_A_TYPE = 40


def parse_balance_move(data: Mapping[str, Any]) -> RemoteBalanceMove:
    """Return the customer balance transaction in `data`."""
    return RemoteBalanceMove(
        id=data["id"],
        kind=cut(data["type"], MOST_OF_A_TYPE) or "adjustment",
        cents=whole(data, "amount"),
        ending_cents=whole(data, "ending_balance"),
        currency=str(data["currency"]),
        made_at=moment(data, "created"),
        stripe_invoice_id=_id_of(data.get("invoice")),
        note_id=_id_of(data.get("credit_note")),
        description=cut(data.get("description"), MOST_OF_A_DESCRIPTION),
    )


def _id_of(reference: str | Mapping[str, Any] | None) -> str | None:
    if reference is None or isinstance(reference, str):
        return reference
    return str(reference["id"])
