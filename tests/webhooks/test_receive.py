"""The endpoint verifies, stores each event once, and answers."""

import stripe
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.sync.models import SyncStep
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from dashboard.webhooks.echoes import ECHO
from dashboard.webhooks.models import WebhookEvent
from tests.support.events import event, signed
from tests.support.lives import events, sealed_bill, shown
from tests.support.queries import count_queries

UNKNOWN = {"id": "in_none", "object": "invoice"}


def stored() -> int:
    """Return how many events the inbox holds."""
    return db.session.scalar(select(func.count()).select_from(WebhookEvent)) or 0


def test_a_signed_event_is_stored_and_answered(client: FlaskClient) -> None:
    raw, headers = signed(event("invoice.paid", UNKNOWN))
    assert client.post("/webhooks/stripe", data=raw, headers=headers).status_code == 200
    assert stored() == 1


def test_the_same_event_again_is_answered_alike_and_stored_once(client: FlaskClient) -> None:
    raw, headers = signed(event("invoice.paid", UNKNOWN))
    answers = [client.post("/webhooks/stripe", data=raw, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert stored() == 1


def test_a_wrong_signature_is_refused_and_nothing_is_stored(client: FlaskClient) -> None:
    raw, headers = signed(event("invoice.paid", UNKNOWN), secret="whsec_somebody_else")
    assert client.post("/webhooks/stripe", data=raw, headers=headers).status_code == 400
    assert stored() == 0


def test_a_changed_body_is_refused(client: FlaskClient) -> None:
    raw, headers = signed(event("invoice.paid", UNKNOWN))
    answer = client.post("/webhooks/stripe", data=raw.replace(b"paid", b"void"), headers=headers)
    assert (answer.status_code, stored()) == (400, 0)


def test_an_old_delivery_is_refused(client: FlaskClient) -> None:
    raw, headers = signed(event("invoice.paid", UNKNOWN))
    headers["Stripe-Signature"] = stripe.WebhookSignature.generate_signature_header(
        raw.decode(), "whsec_sandbox", timestamp=1_600_000_000
    )
    assert client.post("/webhooks/stripe", data=raw, headers=headers).status_code == 400


def test_a_delivery_takes_one_statement_whatever_it_is(client: FlaskClient, db: SQLAlchemy) -> None:
    bill = sealed_bill()
    with transaction():
        run = request_sync(bill, Request("final"), now=utc_now())
        step = SyncStep(
            organization_id=bill.organization_id, run_id=run.id, invoice_id=bill.id, position=1,
            operation="add_lines", body={}, idempotency_key="ours", fence=1, sent_at=utc_now(),
        )  # fmt: skip
        db.session.add(step)
        step = SyncStep(
            organization_id=bill.organization_id, run_id=run.id, invoice_id=bill.id, position=2,
            operation="finalize", body={}, idempotency_key="recorded", fence=1, sent_at=utc_now(),
            outcome="done",
        )  # fmt: skip
        db.session.add(step)
    expected = {
        "recorded": ("invoice.finalized", "ignored"),
        "ours": ("invoice.updated", "ignored"),
        "theirs": ("invoice.updated", "received"),
        "ours, told": ("invoice.finalized", "received"),
        "unneeded": ("product.created", "ignored"),
    }
    for key, (kind, state) in expected.items():
        raw, headers = signed(event(kind, shown("acme"), key=key.split(",")[0]))
        with count_queries(db.engine) as queries:
            assert client.post("/webhooks/stripe", data=raw, headers=headers).status_code == 200
        assert queries.count == 1
        assert events()[-1].state == state
    [echo] = [one for one in events() if one.idempotency_key == "ours" and one.result == ECHO]
    assert (echo.attempts, echo.next_attempt_at, echo.handled_at) == (0, None, echo.received_at)
    theirs = [one for one in events() if one.state == "received"]
    assert {(one.result, one.handled_at) for one in theirs} == {(None, None)}
    assert all(one.next_attempt_at == one.received_at for one in theirs)


def test_a_signed_body_that_is_no_event_is_kept_with_a_sentence(client: FlaskClient) -> None:
    raw, headers = signed({"id": "evt_1", "object": "v2.core.event"})
    assert client.post("/webhooks/stripe", data=raw, headers=headers).status_code == 200
    kept = db.session.scalars(select(WebhookEvent)).one()
    assert (kept.stripe_event_id, kept.state) == ("evt_1", "unreadable")
    assert "thin event: set the endpoint at Stripe to snapshot payloads" in str(kept.result)
