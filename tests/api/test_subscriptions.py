"""The subscription over the API: previewed, linked once, read, ended once, refused by name."""

from __future__ import annotations

import pytest
from flask import Flask

from dashboard.transaction import transaction
from tests.support.subscriptions import Subscribed, subscribe
from tests.support.syncing import Syncer
from tests.sync.conftest import simulator, simulator_server, syncer

__all__ = ["simulator", "simulator_server", "syncer"]

WHERE = "/organizations/acme/subscription"
NOTHING = {
    "subscription": None,
    "status": None,
    "paused_how": None,
    "period_end": None,
    "ends_at": None,
    "read_at": None,
    "trouble": None,
}


@pytest.fixture
def apart(db: object, syncer: Syncer, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Subscribed:
    """An organization beside its subscription, and an API that asks the simulator."""
    monkeypatch.setitem(app.extensions, "page_gateway", syncer.gateway)
    return subscribe(syncer, linked=False)


def test_it_is_previewed_linked_once_and_ended_once(caller, apart):
    assert caller.get(WHERE).json == NOTHING
    preview = caller.get(f"{WHERE}/preview?subscription={apart.subscription}")
    assert preview.status_code == 200
    assert caller.get(WHERE).json == NOTHING
    sent = {"subscription": apart.subscription, "reason": "Asked", "seen": preview.json["seen"]}
    made = caller.post(WHERE, sent)
    assert (made.status_code, made.json["subscription"]) == (201, apart.subscription)
    assert (made.json["status"], made.json["trouble"]) == ("active", None)
    assert caller.post(WHERE, sent).status_code == 200
    assert caller.get(WHERE).json == made.json
    for _ in range(2):
        ended = caller.post(f"{WHERE}/end", {"reason": "Over"})
        assert (ended.status_code, ended.json) == (200, NOTHING)


def test_an_old_preview_links_nothing(caller, apart):
    sent = {"subscription": apart.subscription, "reason": "Asked", "seen": "old"}
    told = caller.post(WHERE, sent)
    assert (told.status_code, told.json["code"]) == (409, "stale")
    assert caller.get(WHERE).json == NOTHING


@pytest.mark.parametrize(
    "sent",
    [
        {"subscription": "in_1"},
        {"subscription": "sub_unknown"},
        {"subscription": "sub_é"},
        {"subscription": "sub_1/cancel"},
        {"subscription": "sub_" + "x" * 99},
        {"reason": ""},
        {"seen": 7},
    ],
)
def test_what_is_odd_is_refused(caller, apart, sent):
    whole = {"subscription": apart.subscription, "reason": "Asked"} | sent
    assert caller.post(WHERE, whole).status_code == 422
    assert caller.get(WHERE).json == NOTHING


def test_who_may_only_read_links_nothing(caller_with, apart):
    reader = caller_with("organizations:read")
    sent = {"subscription": apart.subscription, "reason": "Asked"}
    assert reader.get(WHERE).status_code == 200
    assert reader.post(WHERE, sent).status_code == 403
    assert reader.post(f"{WHERE}/end", {"reason": "Over"}).status_code == 403


def test_a_token_of_another_organization_sees_nothing(caller_with, apart):
    beside = subscribe(apart.syncer, linked=False, slug="other")
    other = caller_with(organization_id=beside.organization.id)
    sent = {"subscription": apart.subscription, "reason": "Asked"}
    assert other.get(WHERE).status_code in (403, 404)
    assert other.post(WHERE, sent).status_code in (403, 404)


def test_with_automatic_tax_it_is_refused_by_name(caller, apart):
    with transaction():
        apart.organization.automatic_tax = True
    told = caller.post(WHERE, {"subscription": apart.subscription, "reason": "Asked"})
    assert told.status_code == 409
    assert "Switch automatic tax off first" in told.json["detail"]
