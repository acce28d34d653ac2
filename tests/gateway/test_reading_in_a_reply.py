"""A reply counts as a reading of all lines only where nothing is missing, old or unequal."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.gateway.parsing import parse_invoice
from dashboard.gateway.records import RemoteInvoice

NOW = datetime(2026, 4, 10, tzinfo=UTC)
INVOICE: dict[str, Any] = {
    "id": "in_1", "status": "draft", "customer": "cus_1", "currency": "usd", "total": 700,
    "amount_due": 700, "amount_remaining": 700, "amount_paid": 0, "attempt_count": 0,
    "pre_payment_credit_notes_amount": 0, "post_payment_credit_notes_amount": 0, "number": None,
}  # fmt: skip


def line(id_: str, cents: int) -> dict[str, Any]:
    """Return a line as Stripe shows it."""
    period = {"start": 1, "end": 2}
    return {"id": id_, "amount": cents, "description": "Storage", "period": period, "metadata": {}}


def told(*cents: int, has_more: bool = False) -> RemoteInvoice:
    """Return an invoice over 7.00 as a reply of now shows it."""
    lines = [line(f"il_{number}", one) for number, one in enumerate(cents)]
    parsed = parse_invoice(INVOICE | {"lines": {"data": lines, "has_more": has_more}})
    return replace(parsed, as_of=NOW)


def test_a_reply_of_now_with_every_line_is_a_reading() -> None:
    assert [one.id for one in told(500, 200).all_lines or ()] == ["il_0", "il_1"]


@pytest.mark.parametrize(
    "reply",
    [
        told(500),
        told(500, 200, has_more=True),
        replace(told(500, 200), as_of=None),
        replace(told(500, 200), event_id="evt_1"),
    ],
    ids=["does not add up", "there are more", "from memory", "an event"],
)
def test_any_other_is_none(reply: RemoteInvoice) -> None:
    assert reply.all_lines is None
