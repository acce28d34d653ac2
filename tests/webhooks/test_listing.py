"""The inbox as support reads it: newest first, in slices, narrowed by state and by text."""

from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy

from dashboard.clock import utc_now
from dashboard.errors import NotFound
from dashboard.gateway.parsing import parse_event
from dashboard.paging import NEWEST, Asked, Counted
from dashboard.transaction import transaction
from dashboard.webhooks.intake import store
from dashboard.webhooks.listing import (
    SIZE,
    EventFilter,
    counts_by_state,
    event_by_id,
    event_by_stripe_id,
    recent_events,
)
from tests.support.events import event

NOW = utc_now()
EVERYTHING = EventFilter()


@pytest.fixture
def names(db: SQLAlchemy) -> dict[str, str]:
    """Three stored events: what Stripe calls each, by the object it is about."""
    bodies = [
        event("invoice.paid", {"id": "in_1"}),
        event("invoice_payment.paid", {"id": "inpay_1"}),
        event("product.created", {"id": "prod_1"}),
    ]
    keep(bodies)
    return {body["data"]["object"]["id"]: body["id"] for body in bodies}


def keep(bodies: list[dict[str, Any]]) -> None:
    """Store events as they arrive."""
    with transaction():
        store([parse_event(body) for body in bodies], source="webhook", now=NOW)


def found(**wanted: str) -> list[str | None]:
    """Return the objects of the events that the filter keeps, newest first."""
    return [one.object_id for one in recent_events(EventFilter(**wanted)).rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in_1", ["in_1"]),
        ("  in_1 ", ["in_1"]),
        ("in_", []),
        ("invoice", ["inpay_1", "in_1"]),
        # An underscore stands for itself, not for any letter.
        ("invoice_", ["inpay_1"]),
        ("paid", []),
    ],
)
def test_a_text_is_a_whole_id_or_the_beginning_of_a_type(
    names: dict[str, str], text: str, expected: list[str]
) -> None:
    assert found(text=text) == expected
    assert found(text=names["in_1"]) == ["in_1"]


def test_state_and_text_narrow_together(names: dict[str, str]) -> None:
    assert found() == ["prod_1", "inpay_1", "in_1"]
    assert found(state="ignored") == ["prod_1"]
    assert found(state="received") == ["inpay_1", "in_1"]
    assert found(state="received", text="in_1") == ["in_1"]
    assert found(state="ignored", text="in_1") == []
    # What is done is not counted.
    assert counts_by_state() == {"received": Counted(2)}


def test_a_long_inbox_is_read_in_slices_that_lose_nothing(db: SQLAlchemy) -> None:
    keep([event("invoice.paid", {"id": f"in_{number}"}) for number in range(SIZE + 1)])
    first = recent_events(EVERYTHING)
    assert first.next is not None
    rest = recent_events(EVERYTHING, Asked(first.next, NEWEST))
    assert (len(first.rows), len(rest.rows), rest.next) == (SIZE, 1, None)
    assert rest.previous is not None
    back = recent_events(EVERYTHING, Asked(rest.previous, NEWEST))
    assert [one.id for one in back.rows] == [one.id for one in first.rows]
    ids = [one.id for one in (*first.rows, *rest.rows)]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == SIZE + 1


def test_a_list_does_not_load_what_each_event_carried(names: dict[str, str]) -> None:
    newest = recent_events(EVERYTHING).rows[0]
    assert {"payload", "raw"}.isdisjoint(vars(newest))


def test_one_event_is_found_by_either_of_its_names(names: dict[str, str]) -> None:
    for object_id, name in names.items():
        by_name = event_by_stripe_id(name)
        assert by_name is not None
        assert by_name.object_id == object_id
        assert event_by_id(by_name.id) is by_name
    assert event_by_stripe_id("evt_of_nobody") is None
    with pytest.raises(NotFound):
        event_by_id(0)
