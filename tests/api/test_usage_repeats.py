"""Senders are told from when they repeat their usage after the ledger was restored."""

from datetime import timedelta

from dashboard.clock import utc_now
from dashboard.restores.mark_row import this_mark
from dashboard.restores.models import Restore
from dashboard.restores.notice import MARGIN, notice
from dashboard.restores.release import release
from dashboard.transaction import checkpoint, transaction
from tests.api.conftest import Caller
from tests.factories import SUPPORT

PATH = "/usage/repeats"


def test_where_nothing_was_restored_nothing_is_repeated(caller: Caller, db) -> None:
    assert caller.get(PATH).json == {"repeats": []}


def test_a_restore_is_told_with_the_moment_from_which_on_usage_may_be_forgotten(
    caller: Caller, db
) -> None:
    now = utc_now().replace(microsecond=0)
    since, earlier = now - timedelta(minutes=10), now - timedelta(minutes=30)
    with transaction():
        this_mark()
        restore = notice("asked", "It was restored.", since=since, now=now)
        restore.looked_at, number = now, restore.id
    told = {
        "since": f"{since - MARGIN:%Y-%m-%dT%H:%M:%SZ}",
        "noticed_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "is_open": True,
    }
    assert caller.get(PATH).json == {"repeats": [told]}
    # The same restore turns out to be of an earlier moment.
    with transaction():
        notice("asked", "It was restored.", since=earlier, now=now)
    told["since"] = f"{earlier - MARGIN:%Y-%m-%dT%H:%M:%SZ}"
    assert caller.get(PATH).json == {"repeats": [told]}
    # Once more, while it is open, and of no earlier moment: senders repeat again.
    later = now + timedelta(minutes=5)
    with transaction():
        notice("history", "Another server.", since=now, now=later)
    told["noticed_at"] = f"{later:%Y-%m-%dT%H:%M:%SZ}"
    assert caller.get(PATH).json == {"repeats": [told]}
    with transaction():
        db.session.get_one(Restore, number).looked_at = now
        release(number, actor=SUPPORT, now=now, reason="Known.", checkpoint=checkpoint)
    assert caller.get(PATH).json == {"repeats": [told | {"is_open": False}]}


def test_the_newest_restore_comes_first(caller: Caller, db) -> None:
    now = utc_now().replace(microsecond=0)
    for hours in (2, 1):
        at = now - timedelta(hours=hours)
        with transaction():
            this_mark()
            number = notice("asked", "It was restored.", since=at, now=at).id
        with transaction():
            release(number, actor=SUPPORT, now=at, reason="Known.", checkpoint=checkpoint)
    times = [one["noticed_at"] for one in caller.get(PATH).json["repeats"]]
    assert times == sorted(times, reverse=True)
    assert len(times) == 2
