"""The close of all bills through the API."""

from datetime import timedelta

from dashboard.audit.actor import Actor
from dashboard.clock import utc_now
from dashboard.closing.pause import pause_closings
from dashboard.transaction import transaction
from tests.api.conftest import Caller
from tests.support.billing import make_bill

PATH = "/close"
ADA = Actor("user", 1, "Ada")


def test_nothing_to_close_is_idle(caller: Caller, db, redis) -> None:
    assert caller.get(PATH).json == {
        "total": 0, "done": 0, "left": 0, "on_hold": 0, "limit": "idle", "seconds_left": 0,
        "per_minute": 750, "held_reason": None, "held_until": None,
    }  # fmt: skip


def test_a_pause_is_told_with_its_reason_and_end(caller: Caller, db, redis) -> None:
    bill, now = make_bill("acme", days_left=-1), utc_now().replace(microsecond=0)
    with transaction():
        bill.status = "sealed"
        pause_closings(until=now + timedelta(hours=1), reason="Wait.", actor=ADA, now=now)
    told = caller.get(PATH).json
    assert (told["total"], told["left"], told["limit"]) == (1, 1, "held")
    assert told["held_reason"] == "Wait."
    assert told["held_until"] == f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
