"""Few at a time, and nobody for good."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock, Thread
from time import sleep

import pytest

from dashboard.few import Few


def test_no_more_are_inside_than_there_are_places() -> None:
    few, lock, inside, most = Few(2, patience_seconds=30), Lock(), [0], [0]

    def enter(_: int) -> None:
        with few.one():
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            sleep(0.002)
            with lock:
                inside[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(40)))
    assert most == [2]


def test_who_waited_long_enough_goes_in_and_takes_nobody_s_place() -> None:
    few, leaves, is_in = Few(1, patience_seconds=0.01), Event(), Event()

    def stay() -> None:
        with few.one():
            is_in.set()
            leaves.wait(30)

    stays = Thread(target=stay)
    stays.start()
    is_in.wait(30)
    with few.one():
        assert not leaves.is_set()
    leaves.set()
    stays.join()
    # The place is there again, and only that one.
    assert few._places.acquire(blocking=False)
    assert not few._places.acquire(blocking=False)


def test_what_fails_inside_gives_its_place_back() -> None:
    few = Few(1, patience_seconds=30)
    for _ in range(3):
        with pytest.raises(ValueError, match="odd"), few.one():
            raise ValueError("odd")
