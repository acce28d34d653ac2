"""A sub-system takes usage back that it sent in error, once it saw what that changes."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.clock import utc_now
from tests.api.conftest import Caller
from tests.support.api_story import set_up

PATH = "/organizations/acme/usage-cancellations"


@pytest.fixture
def used(caller: Caller) -> Caller:
    """A metered service, and two records of it."""
    set_up(caller)
    caller.post("/organizations/acme/services", {"price": "requests"})
    record: dict[str, Any] = {
        "organization": "acme", "meter": "requests", "recorded_at": utc_now().isoformat()
    }  # fmt: skip
    sent = [record | {"key": key, "quantity": units} for key, units in (("a", "200"), ("b", "300"))]
    assert caller.post("/usage", {"records": sent}).status_code == 200
    return caller


def total(caller: Caller) -> int:
    return int(caller.get("/organizations/acme/invoices/1").json["total_cents"])


def test_it_sees_what_it_changes_does_it_and_is_answered_the_same_again(used: Caller) -> None:
    before = total(used)
    shown = used.post(f"{PATH}/preview", {"keys": ["b"]}).json
    assert (shown["issued"], shown["records"], shown["units"]) == ([], 1, "300")
    assert total(used) == before == shown["next_before_cents"]
    done = used.post(PATH, {"keys": ["b"], "reason": "Sent by a test of the collector"})
    assert done.status_code == 200
    [canceled] = done.json["canceled"]
    assert (canceled["meter"], canceled["records"], canceled["quantity"]) == ("requests", 1, "300")
    assert done.json["amount_cents"] == shown["cents"] < 0
    assert total(used) == shown["next_after_cents"]
    again = used.post(PATH, {"keys": ["b"], "reason": "Once more"}).json
    assert again == {"canceled": [], "amount_cents": 0, "repeated": [0]}


def test_a_thousand_long_keys_are_no_more_than_it_reads(used: Caller) -> None:
    keys = [f"{number:0200d}" for number in range(1000)]
    refused = used.post(PATH, {"keys": keys, "reason": "Wrong"})
    assert (refused.status_code, refused.json["code"]) == (422, "cancellation_refused")


@pytest.mark.parametrize("path", [PATH, f"{PATH}/preview"])
def test_unknown_keys_are_named_and_nothing_changes(used: Caller, path: str) -> None:
    before = total(used)
    body = {"keys": ["a", "none"]} | ({"reason": "Wrong"} if path == PATH else {})
    refused = used.post(path, body)
    assert (refused.status_code, refused.json["code"]) == (422, "cancellation_refused")
    assert [one["index"] for one in refused.json["errors"]] == [1]
    assert total(used) == before


@pytest.mark.parametrize(
    "body",
    [
        {"keys": [], "reason": "Wrong"},
        {"keys": ["a"] * 1001, "reason": "Wrong"},
        {"keys": ["a"], "reason": "  "},
        {"keys": ["a\u0000"], "reason": "Wrong"},
        {"keys": "a", "reason": "Wrong"},
        {"keys": ["a"]},
    ],
)
def test_what_says_no_keys_or_no_reason_is_refused(used: Caller, body: dict[str, Any]) -> None:
    assert used.post(PATH, body).status_code == 422
