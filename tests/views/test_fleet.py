"""The health of the whole."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from dashboard.billing.close import seal_now
from dashboard.billing.outcome import park
from dashboard.billing.void import open_case
from dashboard.clock import utc_now
from dashboard.gateway.circuit import FAILURES
from dashboard.organizations.models import Organization
from dashboard.sync.waiting import MOST
from dashboard.transaction import transaction
from dashboard.views import stripe_state
from jobs import ticks
from jobs.queues import queue_named
from jobs.syncs import sync_run
from tests.jobs.test_health import WORKER, age
from tests.pages import fragment, page, text_of
from tests.people import bill_of, make_bill
from tests.views.test_foreign_lines import add_line


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
    assert "Everything is in step" in text_of(page(admin.get("/fleet")))


def test_work_that_stands_still_is_said_first(admin: FlaskClient, redis: Redis) -> None:
    words = text_of(page(admin.get("/fleet")))
    assert "No worker is running" in words
    assert "The clock stands still" in words
    assert "Everything is in step" not in words


def test_the_clock_s_entries_and_the_oldest_jobs_are_shown(
    admin: FlaskClient, app: Flask, working: Redis
) -> None:
    working.hset(ticks.LAST, "roll_due", str(utc_now().timestamp() - 7300))
    with app.app_context():
        sync_run.push([1], "interactive")
    [job_id] = queue_named("interactive", working).job_ids
    age(working, job_id, 200)
    words = text_of(page(admin.get("/fleet")))
    assert "The clock is late Roll due. The others go on." in words
    assert "Roll due 5 s 2 h ago Late" in words
    assert "Backfill events 1 h 0 s ago On time" in words
    assert "Interactive 1 3 min Late" in words
    assert "Jobs wait for too long In interactive." in words


def test_a_parked_invoice_is_shown_with_its_reason(admin: FlaskClient, acme: Organization) -> None:
    with transaction():
        park(bill_of(acme), "differs", "The totals differ.", now=utc_now())
    words = text_of(page(admin.get("/fleet")))
    assert "1 invoice waits for a person" in words
    assert "The totals differ." in words


def test_what_else_waits_for_a_person_is_listed_with_its_reason(
    admin: FlaskClient, acme: Organization
) -> None:
    with transaction():
        invoice = bill_of(make_bill("late", name="Late Payers"))
        seal_now(invoice, now=utc_now())
        invoice.status, invoice.payment_failure = "open", "Your card was declined."
        add_line(acme, "il_1", None)
    words = text_of(page(admin.get("/fleet")))
    for part in ("2 invoices wait for a person", "Late Payers", "Your card was declined."):
        assert part in words
    assert "Stripe's draft holds a line that is not ours. Decide what becomes of it." in words


def test_a_line_that_was_left_keeps_its_invoice_among_what_waits(
    admin: FlaskClient, acme: Organization
) -> None:
    with transaction():
        add_line(acme, "il_1", "leave")
        add_line(acme, "il_2", "leave")
    words = text_of(page(admin.get("/fleet")))
    assert "1 invoice waits for a person" in words
    assert "Held: somebody left 2 lines that are not ours" in words


def test_what_needs_a_decision_comes_before_any_number_of_failed_payments(
    admin: FlaskClient, acme: Organization
) -> None:
    with transaction():
        for number in range(MOST):
            late = bill_of(make_bill(f"late-{number}", name=f"Late {number}"))
            seal_now(late, now=utc_now())
            late.status, late.payment_failure = "open", "Your card was declined."
            late.finalized_at = utc_now() - timedelta(days=9)
        void = bill_of(make_bill("void", name="Void Works"))
        seal_now(void, now=utc_now())
        void.status = "void"
        open_case(void, now=utc_now())
        issued = bill_of(acme)
        seal_now(issued, now=utc_now())
        issued.status = "paid"
        park(issued, "differs", "Stripe went back.", now=utc_now())
    words = text_of(page(admin.get("/fleet")))
    assert words.index("Stripe went back.") < words.index("Void Works") < words.index("Late 0")
    assert f"1 parked · 1 void, undecided · {MOST} with a failed payment" in words
    assert f"The first {MOST} of {MOST + 2}" in words
    assert "Parked 1 wait for a person" in words


def test_its_refresh_is_the_figures_alone(admin: FlaskClient) -> None:
    assert fragment(admin.get("/fleet", headers={"HX-Request": "true"})).find("main") is None


def test_syncs_that_fail_again_and_again_are_listed(admin: FlaskClient, acme: Organization) -> None:
    with transaction():
        bill_of(acme).sync_failures = 3
    words = text_of(page(admin.get("/fleet")))
    assert "Syncs that fail again and again" in words
    assert "Acme Freight" in words


def test_while_stripe_does_not_answer_every_page_says_that_nothing_is_lost(
    app: Flask, customer: FlaskClient, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pages ask once a second; here each of them does.
    monkeypatch.setattr(stripe_state, "REMEMBERED_SECONDS", -1)
    circuit = app.extensions["limiter_of_stripe"].circuit
    assert "does not answer" not in text_of(page(customer.get("/organizations/acme")))
    for _ in range(FAILURES):
        circuit.failed()
    assert "Stripe does not answer" in text_of(page(customer.get("/organizations/acme")))
    circuit.succeeded()
    assert "does not answer" not in text_of(page(customer.get("/organizations/acme")))
