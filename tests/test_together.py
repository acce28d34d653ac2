"""Threads that ask at the same time are answered by one act; each gets its own answer."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from dashboard.together import Together


class Doubling:
    """Doubles what it is asked, once it may; remembers what it was asked together."""

    def __init__(self):
        self.may, self.begun, self.together = Event(), Event(), []

    def __call__(self, asked):
        self.together.append(list(asked))
        self.begun.set()
        assert self.may.wait(10)
        if 13 in asked:
            raise ValueError("13")
        return [2 * one for one in asked]


@pytest.fixture
def pool():
    with ThreadPoolExecutor(20) as threads:
        yield threads


def ask_behind_one(pool, act, numbers, *, most=64):
    """Ask all of `numbers` while the first question is worked on; return all futures."""
    ask = Together(act, most=most)
    futures = [pool.submit(ask, 1)]
    assert act.begun.wait(10)
    futures += [pool.submit(ask, number) for number in numbers]
    while len(ask._waiting) < len(numbers):
        pass
    act.may.set()
    return futures


def test_those_who_come_meanwhile_are_done_together_and_each_gets_its_own(pool):
    act = Doubling()
    futures = ask_behind_one(pool, act, range(2, 12))
    assert [one.result(10) for one in futures] == [2 * n for n in range(1, 12)]
    assert [sorted(some) for some in act.together] == [[1], list(range(2, 12))]


def test_no_more_are_done_together_than_the_most(pool):
    act = Doubling()
    futures = ask_behind_one(pool, act, range(2, 12), most=4)
    assert [one.result(10) for one in futures] == [2 * n for n in range(1, 12)]
    assert [len(some) for some in act.together] == [1, 4, 4, 2]


def test_a_failure_is_told_to_those_it_befell_and_the_others_go_on(pool):
    act = Doubling()
    first, *rest = ask_behind_one(pool, act, [13, 14, 15], most=2)
    assert first.result(10) == 2
    outcomes = [one.exception(10) for one in rest]
    assert sum(isinstance(one, ValueError) for one in outcomes) == 2
    assert outcomes.count(None) == 1


def test_who_is_alone_does_it_alone():
    act = Doubling()
    act.may.set()
    assert [Together(act, most=4)(one) for one in (1, 2)] == [2, 4]
