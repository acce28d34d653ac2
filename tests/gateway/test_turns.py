"""Who may call when: never above a rate in any second, nobody forgotten, priorities fair.

In made-up time; `test_limiter.py` has real threads.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from dashboard.gateway.priorities import PRIORITIES
from dashboard.gateway.turns import HORIZON_MS, IN_FLIGHT_SECONDS, Rates
from tests.support.turns import World

RATES = Rates(per_second=100, endpoint_per_second=25, in_flight=40)
LATE = st.sampled_from([0.0, 0.0, 1.0, 8.5, 30.0, 49.0, 120.0, 700.0])
CALLS = st.fixed_dictionaries(
    {
        "when": st.integers(0, 4000).map(float),
        "priority": st.sampled_from(PRIORITIES),
        "endpoint": st.sampled_from(["POST a", "POST b", "GET c"]),
        "slow": LATE,
        "late": LATE,
        "lasts": st.sampled_from([5.0, 300.0, 1500.0]),
    }
)


@given(
    calls=st.lists(CALLS, min_size=1, max_size=60),
    rates=st.sampled_from([Rates(8, 5, 4), Rates(5, 5, 50), Rates(30, 3, 50), Rates(1, 0.5, 2)]),
    set_back=st.sampled_from([0.0, 500.0, 3_600_000.0]),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_second_holds_more_calls_than_the_rate_however_late_anybody_is(
    redis: Redis, calls: list[dict[str, Any]], rates: Rates, set_back: float
) -> None:
    world = World(redis, rates)
    for call in calls:
        world.enter(**call)
    world.at(2000.0, lambda: setattr(world, "set_back", set_back))
    world.run()
    assert world.most_in_a_second() <= rates.per_second
    for endpoint in ("POST a", "POST b", "GET c"):
        assert world.most_in_a_second(endpoint) <= max(1, rates.endpoint_per_second)
    assert world.most_in_flight <= rates.in_flight
    assert all(one.begun is not None for one in world.callers)


@pytest.mark.parametrize("slow", [3.0, 150.0, 300.0])
def test_two_hundred_who_wait_use_the_rate_with_two_questions_each(
    redis: Redis, slow: float
) -> None:
    world = World(redis, RATES)
    for _ in range(400):
        world.enter(0.0, "scheduled", slow=slow, late=2)
    world.run()
    assert world.most_in_a_second() == 25
    assert world.share(25) >= 0.97
    assert world.asked <= 2 * len(world.callers)


def test_a_click_waits_for_the_turns_already_given_not_for_two_hundred_calls(redis: Redis) -> None:
    world = World(redis, RATES)
    for _ in range(200):
        world.enter(0.0, "scheduled")
    clicks = [world.enter(1000.0 + number * 333, "interactive") for number in range(15)]
    world.run()
    assert max(one.waited for one in clicks) <= HORIZON_MS + 2 * 41


def test_a_rush_on_three_endpoints_holds_up_neither_them_nor_clicks(redis: Redis) -> None:
    world = World(redis, RATES)
    for number in range(450):
        world.enter(0.0, "scheduled", ("POST a", "POST b", "GET c")[number % 3], slow=number % 11)
    clicks = [world.enter(500.0 + number * 230, "interactive") for number in range(18)]
    world.run(5000)
    assert world.share(75) >= 0.97
    assert max(one.waited for one in clicks) <= 120


def test_a_click_does_not_wait_for_a_close_either(redis: Redis) -> None:
    world = World(redis, RATES)
    for _ in range(200):
        world.enter(0.0, "closing")
    click = world.enter(2000.0, "interactive")
    world.run()
    assert click.waited <= HORIZON_MS + 2 * 41


def test_a_long_close_leaves_the_periodic_sync_its_share(redis: Redis) -> None:
    world = World(redis, RATES)
    closes = [world.enter(0.0, "closing") for _ in range(300)]
    periodic = [world.enter(0.0, "scheduled") for _ in range(100)]
    world.run()
    end = max(one.begun or 0 for one in closes)
    meanwhile = sum((one.begun or 0) < end for one in periodic)
    # One for every eight of the close.
    assert 300 // 8 - 2 <= meanwhile <= 300 // 8 + 2


def test_an_endpoint_at_its_rate_leaves_the_others_theirs(redis: Redis) -> None:
    world = World(redis, RATES)
    for _ in range(100):
        world.enter(0.0, "closing", "POST a")
    other = world.enter(1000.0, "scheduled", "POST b")
    world.run()
    assert other.waited <= 1


def test_who_waits_for_a_place_is_woken_by_who_leaves(redis: Redis) -> None:
    world = World(redis, Rates(100, 100, 3))
    for _ in range(60):
        world.enter(0.0, "scheduled", lasts=900)
    click = world.enter(5000.0, "interactive", lasts=900)
    world.run()
    last = max(one.begun or 0 for one in world.callers)
    # Three at a time, each for 0.9 s: nobody's place stays empty.
    assert last <= 61 / 3 * 900 + 100
    assert world.most_in_flight == 3
    assert click.waited <= 2 * 900
    # Who waits long asks again every five seconds or so, in case a turn was lost.
    assert world.asked <= 5 * len(world.callers)


def test_killed_holders_give_their_places_back_after_their_time(redis: Redis) -> None:
    world = World(redis, Rates(100, 100, 2))
    killed = [world.enter(0.0, "scheduled") for _ in range(2)]
    world.at(100.0, lambda: world.kill(*killed))
    others = [world.enter(200.0, "scheduled") for _ in range(4)]
    world.run()
    life = IN_FLIGHT_SECONDS * 1000
    assert all(life <= (one.begun or 0) <= life + 3000 for one in others)


@pytest.mark.parametrize("when", [1000.0, 1020.0, 1041.0])
def test_a_killed_worker_s_callers_hold_the_others_up_for_two_seconds_at_most(
    redis: Redis, when: float
) -> None:
    world = World(redis, RATES)
    for number in range(100):
        world.enter(number / 10, "scheduled", slow=10)
    # Whoever stands in line, has a turn, or calls, every other one.
    world.at(when, lambda: world.kill(*world.callers[::2]))
    world.run()
    alive = [one for one in world.callers if not one.is_killed]
    assert all(one.begun is not None for one in alive)
    assert max(one.begun or 0 for one in alive) <= 100 * 41 + 2000


def test_a_wiped_redis_forgets_the_line_and_everybody_asks_again(redis: Redis) -> None:
    world = World(redis, RATES)
    for _ in range(100):
        world.enter(0.0, "scheduled")
    world.at(1010.0, world.wipe)
    world.run()
    assert all(one.begun is not None for one in world.callers)
    # What was forgotten is the second before: nothing else adds up.
    assert world.most_in_a_second() <= 2 * 25


def test_an_unused_second_does_not_become_a_burst(redis: Redis) -> None:
    world = World(redis, RATES)
    world.enter(0.0, "scheduled")
    later = [world.enter(5000.0, "scheduled") for _ in range(6)]
    world.run()
    # The grid may be behind by the horizon; from there on they are evenly spaced.
    assert max(one.waited for one in later) >= 4 * 40 - 1
