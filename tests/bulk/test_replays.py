"""Events that failed are put back by a bulk action, each once; what became of each is seen."""

from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.bulk.listing import failed_members, failed_of, reasons_of
from dashboard.bulk.replays import UNREADABLE
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from dashboard.webhooks.models import WebhookEvent
from tests.support.bulk import begun, counts, states, step

pytestmark = pytest.mark.usefixtures("db")


def event(name: str, state: str = "dead", **told: Any) -> WebhookEvent:
    """Store an event."""
    facts: dict[str, Any] = {"error": f"No invoice in_{name} (tried 8 times)."} | told
    made = WebhookEvent(
        stripe_event_id=f"evt_{name}", type="invoice.paid", payload={}, state=state, attempts=8,
        created_at=utc_now(), received_at=utc_now(), **facts,
    )  # fmt: skip
    database.session.add(made)
    database.session.flush()
    return made


@pytest.fixture
def inbox(db: SQLAlchemy) -> list[WebhookEvent]:
    """Three that failed, and one that was processed."""
    with transaction():
        failed = [event("1"), event("2", "failed"), event("3")]
        return [*failed, event("4", "processed", error=None)]


def test_only_what_failed_is_put_back(inbox: list[WebhookEvent]) -> None:
    act = begun("replay", [one.id for one in inbox])
    assert act.total == 3
    assert step(act).rings
    database.session.expire_all()
    assert [one.state for one in inbox] == ["received"] * 3 + ["processed"]
    assert counts(act) == (0, 3, 0, 0)


def test_what_fails_again_is_failed_by_its_new_reason(inbox: list[WebhookEvent]) -> None:
    act = begun("replay", [one.id for one in inbox])
    step(act)
    with transaction():
        inbox[0].state, inbox[0].error = "processed", None
        inbox[1].state, inbox[1].error = "dead", "Stripe did not answer."
        inbox[2].state = "processing"
    step(act)
    assert counts(act) == (0, 1, 1, 1)
    [reason] = reasons_of(act)
    assert (reason.error, reason.number) == ("Stripe did not answer.", 1)
    with transaction():
        inbox[2].state = "ignored"
    step(act)
    assert (act.state, counts(act)) == ("failures", (0, 0, 2, 1))


def test_what_was_done_meanwhile_is_done_and_what_cannot_be_read_failed(
    inbox: list[WebhookEvent],
) -> None:
    act = begun("replay", [one.id for one in inbox])
    with transaction():
        inbox[0].state, inbox[1].state, inbox[2].state = "processed", "unreadable", "received"
    step(act)
    assert states(act) == {inbox[0].id: "done", inbox[1].id: "failed", inbox[2].id: "asked"}
    assert [one.error for one in failed_of(act)] == [UNREADABLE]


def test_an_event_that_is_not_kept_any_more_was_done(inbox: list[WebhookEvent]) -> None:
    act = begun("replay", [inbox[0].id])
    with transaction():
        database.session.delete(inbox[0])
    step(act)
    assert (act.state, act.done) == ("done", 1)


def test_what_failed_of_one_reason_can_be_tried_again_alone(inbox: list[WebhookEvent]) -> None:
    act = begun("replay", [one.id for one in inbox])
    step(act)
    with transaction():
        for one, error in zip(inbox, ("No in_1.", "No in_2.", "Stripe is away."), strict=False):
            one.state, one.error = "dead", error
    step(act)
    reasons = {one.number: one.member for one in reasons_of(act)}
    again = database.session.execute(failed_members(act, reasons[2])).all()
    assert [subject for subject, _ in again] == [inbox[0].id, inbox[1].id]
    assert len(database.session.execute(failed_members(act)).all()) == 3


def test_an_act_that_tries_again_counts_from_nothing(inbox: list[WebhookEvent]) -> None:
    first = begun("replay", [one.id for one in inbox])
    step(first)
    with transaction():
        for one in inbox[:3]:
            one.state = "dead"
    step(first)
    second = begun("replay", [one.id for one in inbox])
    assert (second.id > first.id, counts(second), counts(first)) == (
        True, (3, 0, 0, 0), (0, 0, 0, 3),
    )  # fmt: skip
    assert database.session.scalars(select(WebhookEvent.state)).all().count("dead") == 3
