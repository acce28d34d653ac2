"""What is kept of endpoints: secrets that another key opens, and no more of them than are seen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashboard.accounts.factors.sealing import CannotOpen, seal
from dashboard.errors import Conflict, Invalid
from dashboard.extensions import db
from dashboard.outgoing.endpoints import (
    MOST_ENDPOINTS,
    Wanted,
    every_endpoint,
    roll,
    seal_secrets_anew,
    secrets_of,
)
from dashboard.outgoing.forget import forget_told
from dashboard.outgoing.tell import Fact, tell
from tests.factories import SUPPORT
from tests.support.outgoing import KEYS, deliveries, kinds, listens
from tests.support.void_cases import LATER

pytestmark = pytest.mark.usefixtures("db")
SOMEWHERE = "https://receiver.example/"
NEW = "another key, as long as one must be"


def test_a_secret_outlives_the_key_that_it_was_sealed_with() -> None:
    endpoint, old = listens(SOMEWHERE, now=LATER)
    new = roll(endpoint, overlap=timedelta(hours=1), keys=KEYS, now=LATER, actor=SUPPORT)
    seal_secrets_anew([*KEYS, NEW])
    db.session.commit()
    assert secrets_of(endpoint, [NEW], now=LATER) == [new, old]
    with pytest.raises(CannotOpen):
        secrets_of(endpoint, KEYS, now=LATER)
    # Of one that no key opens nothing is lost: it may come back.
    seal_secrets_anew(["a key that never was one of ours"])
    db.session.commit()
    assert secrets_of(endpoint, [NEW], now=LATER) == [new, old]


def test_after_its_time_the_old_secret_signs_no_more_and_a_second_roll_is_possible() -> None:
    endpoint, _ = listens(SOMEWHERE, now=LATER)
    hour = timedelta(hours=1)
    first = roll(endpoint, overlap=hour, keys=KEYS, now=LATER, actor=SUPPORT)
    with pytest.raises(Conflict):
        roll(endpoint, overlap=hour, keys=KEYS, now=LATER, actor=SUPPORT)
    second = roll(endpoint, overlap=hour, keys=KEYS, now=LATER + hour, actor=SUPPORT)
    assert secrets_of(endpoint, KEYS, now=LATER + hour) == [second, first]
    assert secrets_of(endpoint, KEYS, now=LATER + 2 * hour) == [second]
    with pytest.raises(Invalid):
        roll(endpoint, overlap=timedelta(days=8), keys=KEYS, now=LATER + 3 * hour, actor=SUPPORT)


def test_a_leaked_secret_ends_at_once() -> None:
    endpoint, _ = listens(SOMEWHERE, now=LATER)
    new = roll(endpoint, overlap=timedelta(), keys=KEYS, now=LATER, actor=SUPPORT)
    assert secrets_of(endpoint, KEYS, now=LATER) == [new]


def test_there_is_a_bound() -> None:
    for number in range(MOST_ENDPOINTS):
        listens(f"{SOMEWHERE}{number}", now=LATER)
    with pytest.raises(Conflict, match="no more are possible"):
        listens(f"{SOMEWHERE}more", now=LATER)
    assert len(every_endpoint()) == MOST_ENDPOINTS
    assert Wanted(SOMEWHERE, "a").kinds is None


def test_what_is_old_is_forgotten_with_what_became_of_it() -> None:
    listens(SOMEWHERE, now=LATER)
    for day in range(5):
        fact = Fact(kind="invoice.paid", subject=str(day), ordering_key="a", at=LATER, data={})
        tell([fact], now=LATER + timedelta(days=day))
    db.session.commit()
    place = 0
    before = LATER + timedelta(days=3)
    while (found := forget_told(place, before=before, most=2)) is not None:
        place = found
    db.session.commit()
    assert len(kinds()) == len(deliveries()) == 2


def test_a_former_secret_that_no_key_opens_stops_nothing() -> None:
    endpoint, _ = listens(SOMEWHERE, now=LATER)
    day = timedelta(days=1)
    # Sealed with a key that is gone: rolling is what helps, and keeps nothing of it.
    new = roll(endpoint, overlap=day, keys=[NEW], now=LATER, actor=SUPPORT)
    assert secrets_of(endpoint, [NEW], now=LATER) == [new]
    assert endpoint.former_until is None
    newer = roll(endpoint, overlap=day, keys=[NEW], now=LATER, actor=SUPPORT)
    endpoint.former_secret = seal("whsec_lost", KEYS)
    assert secrets_of(endpoint, [NEW], now=LATER) == [newer]


def test_while_two_sign_a_leaked_secret_still_ends_at_once() -> None:
    endpoint, _ = listens(SOMEWHERE, now=LATER)
    roll(endpoint, overlap=timedelta(hours=1), keys=KEYS, now=LATER, actor=SUPPORT)
    new = roll(endpoint, overlap=timedelta(), keys=KEYS, now=LATER, actor=SUPPORT)
    assert secrets_of(endpoint, KEYS, now=LATER) == [new]
    assert (endpoint.former_secret, endpoint.former_until) == (None, None)
