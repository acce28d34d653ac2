"""What is said of a sync under way: how far it is, or when it is tried again."""

from datetime import UTC, datetime

import pytest

from dashboard.billing.models import Invoice
from dashboard.reading.sync_status import status_from
from dashboard.sync.models import SyncRun

INVOICE = Invoice(
    status="draft",
    parked_at=None,
    sync_failures=0,
    revision=2,
    synced_revision=1,
    stripe_total_cents=100,
    synced_total_cents=100,
    period_end=datetime(2026, 4, 1, tzinfo=UTC),
    last_synced_at=datetime(2026, 3, 1, tzinfo=UTC),
)


def said(state: str = "running", **facts: object) -> tuple[str, str]:
    """Return what staff and customers read of an invoice with such a run."""
    status = status_from(INVOICE, SyncRun(state=state, **facts), ())
    assert status.state == "syncing"
    return status.sentence, status.plainly


@pytest.mark.parametrize(
    ("planned", "made", "sentence"),
    [
        (0, 0, "A sync is in progress."),
        (4, 0, "A sync is in progress: 0 of 4 calls sent."),
        (4, 4, "A sync is in progress: 4 of 4 calls sent."),
        (4, 5, "A sync is in progress: 5 calls sent."),
    ],
)
def test_a_run_says_how_far_it_is(planned: int, made: int, sentence: str) -> None:
    assert said(calls_planned=planned, calls_made=made) == (
        sentence,
        "Being brought up to date with Stripe now.",
    )


@pytest.mark.parametrize(
    ("at", "following"),
    [
        (None, "The next attempt follows in a moment."),
        (datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC), "The next attempt is at 12:30:05 UTC."),
    ],
)
def test_a_run_that_waits_says_why_and_when_it_is_tried_again(
    at: datetime | None, following: str
) -> None:
    sentence, plainly = said("retrying", error="Stripe is away", next_attempt_at=at, attempts=3)
    assert sentence == f"The sync was tried 3 times. Stripe is away. {following}"
    assert plainly == "Stripe could not be reached. Your bill here is right, and we keep trying."


@pytest.mark.parametrize(("attempts", "tried"), [(2, "once"), (4, "3 times")])
def test_an_attempt_under_way_after_a_failed_one_does_not_say_that_its_calls_were_made(
    attempts: int, tried: str
) -> None:
    sentence, plainly = said(
        error="Stripe failed with 503.", attempts=attempts, calls_planned=1, calls_made=1
    )
    assert sentence == (
        f"The sync was tried {tried}. Stripe failed with 503. The next attempt is in progress."
    )
    assert plainly == "Stripe could not be reached. Your bill here is right, and we keep trying."


def test_a_bill_that_waits_while_closings_are_held_did_not_fail() -> None:
    sentence, plainly = said(
        "retrying", error="All closings are held: Wait.", error_code="closings_held", attempts=0
    )
    assert sentence == "All closings are held: Wait."
    assert plainly == "Your bill here is right. It is issued later."
