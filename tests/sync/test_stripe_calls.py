"""A call is one object; a step that an older release wrote is still that call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.sync.stripe_calls import STRIPE_CALLS
from tests.support.operations import OPERATIONS

LINE = {
    "key": "item-1",
    "line_id": "il_1",
    "amount_cents": -5,
    "description": "Servers",
    "period_start": "2026-11-01T00:00:00+00:00",
    "period_end": "2026-12-01T00:00:00+00:00",
    "members": {"item-2": 3},
}
DRAFT = {
    "customer_id": "cus_1",
    "invoice": "7",
    "currency": "usd",
    "collection_method": "charge_automatically",
    "days_until_due": None,
    "finalizes_at": "2026-12-04T00:00:00+00:00",
    "description": "2026-11-01 to 2026-12-01 (UTC)",
    "installation": "here",
}
# As they stand in the table.
WRITTEN: dict[str, dict[str, Any]] = {
    "create_customer": {
        "installation": "here", "organization": "1", "name": "Acme", "email": "a@example.com",
    },
    "update_customer": {"customer_id": "cus_1", "name": "Acme", "email": "a@example.com"},
    "create_invoice": DRAFT,
    "set_terms": {
        "invoice_id": "in_1", "collection_method": "send_invoice", "days_until_due": 14,
        "description": "2026-11-01 to 2026-12-01 (UTC)",
    },
    "set_tax": {"invoice_id": "in_1", "is_on": True},
    "schedule": {"invoice_id": "in_1", "at": "2026-12-04T00:00:00+00:00"},
    "finalize": {"invoice_id": "in_1"},
    "delete_invoice": {"invoice_id": "in_1"},
    "claim_draft": {"invoice_id": "in_1", "invoice": "7", "installation": "here"},
    "give_back_draft": {
        "invoice_id": "in_1", "at": "2026-12-04T00:00:00+00:00", "status": "draft", "why": "x",
    },
    "add_lines": {"invoice_id": "in_1", "lines": [LINE | {"line_id": None}]},
    "update_lines": {"invoice_id": "in_1", "lines": [LINE]},
    "remove_lines": {"invoice_id": "in_1", "lines": [LINE]},
    "delete_item": {"item_id": "ii_1"},
    "void_invoice": {"invoice_id": "in_1", "reissue": "7"},
    "issue_credit_note": {
        "invoice_id": "in_1", "note": "7", "installation": "here", "memo": "For the outage",
        "lines": [{"line_id": "il_1", "description": "Servers", "amount_cents": 5}],
        "refund_cents": 0, "balance_cents": 5, "outside_cents": 0,
    },
    "void_credit_note": {"note_id": "cn_1", "invoice_id": "in_1"},
    "make_refund": {
        "invoice_id": "in_1", "refund": "7", "installation": "here", "paid_by": "pi_1",
        "amount_cents": 5, "is_duplicate": True,
    },
}  # fmt: skip


@pytest.mark.parametrize("operation", STRIPE_CALLS)
def test_a_step_that_was_written_is_the_call_that_wrote_it(operation: str) -> None:
    wanted = STRIPE_CALLS[operation].read(WRITTEN[operation])
    assert wanted.operation == operation
    assert json.loads(json.dumps(wanted.body())) == WRITTEN[operation]
    assert wanted.about == WRITTEN[operation].get("invoice_id")


@pytest.mark.parametrize(
    ("operation", "left_out"),
    [("create_customer", "installation"), ("create_invoice", "installation")],
)
def test_a_step_of_before_installations_had_names_can_be_read(
    operation: str, left_out: str
) -> None:
    body = {name: one for name, one in WRITTEN[operation].items() if name != left_out}
    assert STRIPE_CALLS[operation].read(body).body()[left_out] is None


def test_lines_of_before_roll_ups_can_be_read() -> None:
    line = {name: one for name, one in LINE.items() if name != "members"}
    wanted = STRIPE_CALLS["update_lines"].read({"invoice_id": "in_1", "lines": [line]})
    assert wanted.body()["lines"] == [line | {"members": {}}]


def test_the_fault_tests_make_every_call_but_those_named_here() -> None:
    tried = {one.step for one in OPERATIONS.values()}
    assert set(STRIPE_CALLS) - tried == {
        "delete_item", "issue_credit_note", "make_refund", "void_credit_note", "void_invoice",
    }  # fmt: skip
