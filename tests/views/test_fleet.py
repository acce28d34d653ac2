"""The health of the whole."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from dashboard.billing.outcome import put_on_hold
from dashboard.clock import utc_now
from dashboard.gateway.circuit import FAILURES
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.views import stripe_state
from jobs import ticks
from jobs.queues import queue_named
from jobs.syncs import sync_run
from jobs.watch import sample_fleet
from tests.pages import fragment, page, text_of
from tests.people import bill_of
from tests.support.needs import look_now
from tests.support.working_off import WORKER, age


@pytest.fixture
def working(redis: Redis) -> Redis:
    """A Redis of a clock that has just ticked, and of one worker."""
    ticks.declare(redis, {"roll_due": 5, "backfill_events": 3600})
    for name in ("roll_due", "backfill_events"):
        ticks.note(redis, name)
    redis.sadd("rq:workers", WORKER)
    redis.hset(WORKER, "birth", "now")
    return redis


def test_a_fleet_in_step_says_so(admin: FlaskClient, working: Redis) -> None:
    assert "Everything is on time" in text_of(page(admin.get("/fleet")))


def test_work_that_stands_still_is_said_first(admin: FlaskClient, redis: Redis) -> None:
    words = text_of(page(admin.get("/fleet")))
    assert "No worker is running" in words
    assert "The schedule has stopped" in words
    assert "Everything is on time" not in words


def test_the_clock_s_entries_and_the_oldest_jobs_are_shown(
    admin: FlaskClient, app: Flask, working: Redis
) -> None:
    working.hset(ticks.LAST, "roll_due", str(utc_now().timestamp() - 7300))
    with app.app_context():
        sync_run.push([1], "interactive")
    [job_id] = queue_named("interactive", working).job_ids
    age(working, job_id, 200)
    words = text_of(page(admin.get("/fleet")))
    assert "The schedule is late Roll due. Other entries still run." in words
    assert "Roll due 5 s 2 h ago Late" in words
    assert "Backfill events 1 h 0 s ago On time" in words
    assert "Interactive 1 3 min Late" in words
    assert "Jobs are waiting too long In interactive." in words


def test_what_needs_a_person_is_counted_with_the_way_to_it(
    admin: FlaskClient, acme: Organization
) -> None:
    with transaction():
        put_on_hold(bill_of(acme), "differs", "The totals differ.", now=utc_now())
    look_now()
    soup = page(admin.get("/fleet"))
    assert "1 thing, $" in text_of(soup)
    assert soup.main.select("a[href='/needs']")
    assert "On hold 1 waiting for a person" in text_of(soup)


def test_the_figures_of_the_day_are_lines(admin: FlaskClient, acme: Organization) -> None:
    assert not page(admin.get("/fleet")).select(".trends")
    sample_fleet()
    shown = page(admin.get("/fleet")).select(".trends a")
    assert [one.select_one(".trend-name").text for one in shown][:2] == [
        "Equal with Stripe", "Usage counted within",
    ]  # fmt: skip


def test_its_refresh_is_the_figures_alone(admin: FlaskClient) -> None:
    assert fragment(admin.get("/fleet", headers={"HX-Request": "true"})).find("main") is None


def test_while_stripe_does_not_answer_every_page_says_that_nothing_is_lost(
    app: Flask,
    customer: FlaskClient,
    admin: FlaskClient,
    acme: Organization,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Pages ask once a second; here each of them does.
    monkeypatch.setattr(stripe_state, "REMEMBERED_SECONDS", -1)
    circuit = app.extensions["limiter_of_stripe"].circuit
    assert "does not answer" not in text_of(page(customer.get("/organizations/acme")))
    for _ in range(FAILURES):
        circuit.failed()
    assert "Stripe is not answering" in text_of(page(customer.get("/organizations/acme")))
    for address in ("/needs", "/fleet", "/jobs", "/stripe-calls", "/sync-runs"):
        words = text_of(page(admin.get(address)))
        assert words.count("Stripe is not answering") == 1, address
    circuit.succeeded()
    assert "does not answer" not in text_of(page(customer.get("/organizations/acme")))
