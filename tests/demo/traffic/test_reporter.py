"""The sub-systems' loop: what it says once, what it says again, and how it ends."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from demo.api import ApiAway, ApiRefused
from demo.traffic.reporter import Reporter
from demo.traffic.ticks import (
    CHANGE_EVERY,
    CHANGING,
    ONE_IN,
    REPORTING,
    changing,
    instant,
    reports,
    tick_at,
)

TICK = CHANGE_EVERY * 1000 + 1


class FakeApi:
    """Answers each call with the next of `answers`: raises it, or counts the batch."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.batches: list[Sequence[dict[str, Any]]] = []
        self.servers: list[dict[str, Any]] = []

    def report(self, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
        self.batches.append(records)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        return {"recorded": len(records), "duplicates": []}

    def services(self, _slug: str) -> list[dict[str, Any]]:
        return self.servers

    def attach(self, _slug: str, body: dict[str, Any]) -> None:
        self.servers.append({**body, "id": 7, "detached_at": None})

    def detach(self, _slug: str, service_id: int) -> None:
        self.servers = [one for one in self.servers if one["id"] != service_id]


class Impatient(threading.Event):
    """An event whose waits are noted and take no time."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0)
        return self.is_set()


def reporter(api: FakeApi, stopped: threading.Event | None = None) -> Reporter:
    return Reporter(api, stopped or Impatient())  # type: ignore[arg-type]  # as much as it uses


def test_a_tick_says_the_same_however_often_it_is_asked() -> None:
    assert reports(TICK) == reports(TICK)
    keys = [record["key"] for batch in reports(TICK) for record in batch]
    later = [record["key"] for batch in reports(TICK + ONE_IN) for record in batch]
    assert not set(keys) & set(later)


def test_a_tick_is_the_same_for_each_of_its_seconds() -> None:
    start = instant(TICK).timestamp()
    assert {tick_at(start), tick_at(start + 3.9)} == {TICK}


def test_everybody_with_a_meter_reports_within_a_minute() -> None:
    said = {batch[0]["organization"] for tick in range(TICK, TICK + 15) for batch in reports(tick)}
    assert said == {one.slug for one in REPORTING}


def test_an_api_that_is_away_hears_the_same_batch_again_ever_less_often() -> None:
    api, waiting = FakeApi(*[ApiAway("down")] * 9), Impatient()
    reporter(api, waiting).report(TICK)
    assert api.batches[:10] == [api.batches[0]] * 10
    assert waiting.waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_refused_batch_is_not_repeated_and_the_others_still_go() -> None:
    api, waiting = FakeApi(ApiRefused(422, {"detail": "no"})), Impatient()
    talking = reporter(api, waiting)
    talking.report(TICK)
    assert api.batches == reports(TICK)
    assert talking.recorded == sum(len(batch) for batch in reports(TICK)[1:])
    assert waiting.waits == []


def test_an_organization_takes_a_server_and_gives_it_back() -> None:
    api = FakeApi()
    talking = reporter(api)
    turn = next(tick for tick in range(TICK, 2 * TICK) if changing(tick) == CHANGING[0])
    talking.report(turn)
    assert [one["external_id"] for one in api.servers] == [f"extra-{turn}"]
    talking.report(turn)
    assert api.servers == []


@pytest.mark.parametrize("answers", [(), (ApiAway("down"),) * 5], ids=["at work", "waiting"])
def test_it_stops_at_once_when_told(answers: tuple[Exception, ...]) -> None:
    stopped = threading.Event()
    talking = reporter(FakeApi(*answers), stopped)
    running = threading.Thread(target=talking.run)
    running.start()
    wait_until(lambda: bool(talking.api.batches))  # type: ignore[attr-defined]
    began = time.monotonic()
    stopped.set()
    running.join(5)
    assert not running.is_alive()
    assert time.monotonic() - began < 1


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
