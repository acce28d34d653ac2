"""The API budget, as support sees it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from redis.exceptions import ConnectionError

from dashboard.gateway.circuit import FAILURES
from dashboard.gateway.errors import ServerFailed
from dashboard.gateway.limiter import RedisLimiter
from dashboard.gateway.reasons import calling_for
from dashboard.organizations.models import Organization
from dashboard.views.stripe_calls import share
from tests.pages import page, text_of

ADDRESS = "/stripe-calls"


def test_calls_are_shown_beside_the_limit(app: Flask, support: FlaskClient, redis: Redis) -> None:
    limiter: RedisLimiter = app.extensions["limiter_of_stripe"]
    for _ in range(3):
        with limiter.admitted("POST finalize"):
            pass
    found = page(support.get(ADDRESS))
    first = text_of(found.select_one('section[aria-labelledby="hours-title"] tbody tr'))
    assert " 3 " in first
    assert "less than 1% of the" in text_of(found)
    assert "POST finalize" in text_of(
        found.select_one('section[aria-labelledby="endpoints-title"]')
    )


def test_calls_are_shown_by_what_they_were_made_for(
    app: Flask, support: FlaskClient, redis: Redis
) -> None:
    limiter: RedisLimiter = app.extensions["limiter_of_stripe"]
    for _ in range(2):
        with calling_for("final"), limiter.admitted("POST finalize"):
            pass
    with (
        pytest.raises(ServerFailed),
        calling_for("backfill"),
        limiter.admitted("GET events"),
    ):
        raise ServerFailed("500")
    section = page(support.get(ADDRESS)).select_one('section[aria-labelledby="reasons-title"]')
    rows = [text_of(row) for row in section.select("tbody tr")]
    assert rows[0].startswith("Final sync 2 –")
    assert rows[1].startswith("Back-fill 1 1 ")


def test_the_circuit_is_shown_closed_open_and_trying(
    app: Flask, support: FlaskClient, redis: Redis
) -> None:
    limiter: RedisLimiter = app.extensions["limiter_of_stripe"]

    def told() -> str:
        return text_of(page(support.get(ADDRESS)).select_one('[aria-labelledby="circuit-title"]'))

    assert "State Closed: calls go through Failures in a row 0" in told()
    for _ in range(FAILURES):
        limiter.circuit.failed()
    assert "Open: no call is made Failures in a row 8 Open since" in told()
    assert "Next try in" in told()
    redis.delete(*redis.keys("*circuit:open"))
    assert "Trying: the next call decides" in told()
    assert text_of(page(support.get(ADDRESS))).count("Stripe is not answering") == 1
    limiter.circuit.succeeded()
    assert "Open since" not in told()


def test_the_next_close_is_told_with_what_it_will_ask_of_stripe(
    support: FlaskClient, acme: Organization
) -> None:
    found = text_of(page(support.get(ADDRESS)).select_one('section[aria-labelledby="close-title"]'))
    assert "The next close" in found
    assert "Invoices 2 " in found
    assert "about 6" in found
    assert "1 s " in found


def test_without_redis_the_page_says_that_no_call_is_made(
    support: FlaskClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_: RedisLimiter) -> None:
        raise ConnectionError

    monkeypatch.setattr(RedisLimiter, "reads", unreachable)
    words = text_of(page(support.get(ADDRESS)))
    assert "Redis is not answering" in words


@pytest.mark.parametrize(
    ("part", "told"), [(0, "0%"), (1, "less than 1%"), (500, "50%"), (1000, "100%")]
)
def test_a_share_is_told_as_people_read_it(part: int, told: str) -> None:
    assert share(part, 1000) == told
