"""What surrounds a handler: the claim before it, what it asks Stripe, what its failure leaves."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.errors import Conflict
from dashboard.extensions import db
from dashboard.gateway.errors import Refused, ServerFailed
from dashboard.gateway.parsing import parse_event
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.delivery import Delivery, Handled
from dashboard.webhooks.failure import sentence_of
from dashboard.webhooks.handlers import HANDLERS, UNNEEDED
from dashboard.webhooks.intake import store
from dashboard.webhooks.models import WebhookEvent
from dashboard.webhooks.process import preview_replay, process
from tests.support.events import event

NOW = utc_now()
STRIPE: Any = object()
Handler = Callable[[Delivery], Handled]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], None]:
    """Have paid invoices handled so."""
    return lambda handler: monkeypatch.setitem(HANDLERS, "invoice.paid", handler)  # type: ignore[arg-type]  # a dict in fact


@pytest.fixture
def told(bill: Invoice) -> WebhookEvent:
    """An event that waits, beside an organization that its handler may change."""
    with transaction():
        [event_id] = store(
            [parse_event(event("invoice.paid", {"id": "in_1"}))], source="webhook", now=NOW
        )
    return db.session.get_one(WebhookEvent, event_id)


def work(told: WebhookEvent, *, replay: bool = False) -> list[SyncRun]:
    """Process the event as a worker does, and read what became of it."""
    with transaction():
        runs = process(told.id, gateway=STRIPE, checkpoint=checkpoint, now=NOW, replay=replay)
    db.session.refresh(told)
    return runs


def rename(name: str) -> None:
    """Change the one organization, in the midst of a handler."""
    db.session.query(Organization).one().name = name
    db.session.flush()


def seen_by_others(query: str) -> Any:
    """Return what another connection reads."""
    with db.engine.connect() as other:
        return other.execute(text(query)).scalar_one()


def test_others_see_the_claim_while_the_handler_works(
    told: WebhookEvent, use: Callable[[Handler], None]
) -> None:
    seen = []

    def handler(delivery: Delivery) -> Handled:
        seen.append(seen_by_others("select state from webhook_events"))
        assert (delivery.event.id, delivery.gateway, delivery.now) == (told.id, STRIPE, NOW)
        assert (told.claimed_at, told.attempts) == (NOW, 1)
        return Handled("It is paid.")

    use(handler)
    assert work(told) == []
    assert (seen, told.state, told.result) == (["processing"], "processed", "It is paid.")
    assert told.handled_at == NOW


def test_what_is_done_is_handled_again_for_a_replay_only(
    told: WebhookEvent, use: Callable[[Handler], None]
) -> None:
    use(lambda _: Handled("Not ours.", ignored=True))
    assert (work(told), work(told), told.state, told.attempts) == ([], [], "ignored", 1)
    work(told, replay=True)
    assert (told.state, told.attempts) == ("ignored", 2)


def test_what_nobody_handles_is_ignored_with_a_sentence_in_a_replay_too(bill: Invoice) -> None:
    body = event("product.created", {"id": "prod_1"})
    with transaction():
        store([parse_event(body)], source="webhook", now=NOW)
        kept = db.session.query(WebhookEvent).one()
        kept.result = None
    work(kept, replay=True)
    assert (kept.state, kept.result, kept.attempts) == ("ignored", UNNEEDED, 1)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ServerFailed("Stripe failed."), "failed"),
        (Refused("Stripe refused it."), "dead"),
        (Conflict("It is closed."), "dead"),
        (KeyError("it"), "dead"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failure_undoes_what_was_changed_and_only_what_passes_is_tried_for_ever(
    told: WebhookEvent, use: Callable[[Handler], None], error: Exception, state: str
) -> None:
    def handler(delivery: Delivery) -> Handled:
        rename("Changed")
        delivery.runs.append(SyncRun())
        raise error

    use(handler)
    assert work(told) == []
    expected = ("failed", sentence_of(error), NOW + timedelta(seconds=10))
    assert (told.state, told.error, told.next_attempt_at) == expected
    with transaction():
        told.attempts = 7
    work(told)
    assert (told.state, told.next_attempt_at is None) == (state, state == "dead")
    assert seen_by_others("select name from organizations") == "Acme"


def test_stripe_is_asked_with_no_lock_held_and_the_handler_begins_anew(
    told: WebhookEvent, use: Callable[[Handler], None]
) -> None:
    asked = []

    def ask(gateway: object) -> str:
        free = "select name from organizations for update nowait"
        asked.append((gateway, seen_by_others(free)))
        return "Read"

    def handler(delivery: Delivery) -> Handled:
        rename("Changed")
        delivery.runs.append(SyncRun())
        rename(delivery.reading(("it", 1), ask))
        return Handled("It was read.")

    use(handler)
    assert len(work(told)) == 1
    assert asked == [(STRIPE, "Acme")]
    assert seen_by_others("select name from organizations") == "Read"


def test_a_handler_that_is_never_done_reading_is_tried_again_later(
    told: WebhookEvent, use: Callable[[Handler], None]
) -> None:
    asked: list[int] = []

    def handler(delivery: Delivery) -> Handled:
        delivery.reading((len(asked),), lambda _: asked.append(1))
        raise AssertionError

    use(handler)
    work(told)
    assert (told.state, told.handled_at, len(asked)) == ("failed", None, 6)
    assert str(told.error).startswith("The object of this event keeps changing.")


def test_a_preview_says_what_would_come_of_it_and_changes_nothing(
    told: WebhookEvent, use: Callable[[Handler], None]
) -> None:
    def handler(delivery: Delivery) -> Handled:
        assert (delivery.gateway, delivery.now) == (STRIPE, NOW)
        db.session.query(Organization).one().name = "Changed"
        return Handled(f"It was {delivery.reading(('it',), lambda _: 'read')}.")

    use(handler)
    assert preview_replay(told, gateway=STRIPE, now=NOW) == "It was read."
    db.session.commit()
    assert seen_by_others("select name from organizations") == "Acme"
    assert (told.state, told.attempts) == ("received", 0)


def test_a_preview_of_what_would_fail_says_with_what(
    told: WebhookEvent, use: Callable[[Handler], None]
) -> None:
    def handler(_: Delivery) -> Handled:
        raise KeyError("it")

    use(handler)
    assert "It would fail. Processing stopped unexpectedly" in preview_replay(
        told, gateway=STRIPE, now=NOW
    )
    assert told.state == "received"
