"""A preview says what the deed then does, though it changes nothing."""

from typing import Any

import pytest

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.models import WebhookEvent
from dashboard.webhooks.process import preview_replay, process
from tests.locks.facts import adjust
from tests.locks.stage import Stage
from tests.locks.syncs import carry_out
from tests.locks.told import CARD, arrived


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("invoice.updated", {}),
        ("invoice.finalized", {"status": "open"}),
        ("invoice.voided", {"status": "void"}),
        ("invoice.finalization_failed", {}),
        ("invoice.deleted", {}),
        ("customer.deleted", {}),
        ("payment_method.attached", CARD),
    ],
)
@pytest.mark.parametrize("status", ["draft", "sealed"])
def test_the_preview_of_a_replay_says_what_the_event_then_does(
    stage: Stage, kind: str, facts: dict[str, Any], status: str
) -> None:
    with transaction():
        adjust(stage)
        # Synced; or finalized, of which Stripe then tells.
        carry_out(stage, trigger="final" if status == "sealed" else "support", status=status)
    known = stage.invoices("open") or [stage.draft()]
    event = db.session.get_one(WebhookEvent, arrived(stage, kind, facts, known[0]))
    before = shown_columns(known[0])
    said = preview_replay(event, gateway=stage.gateway, now=stage.now())
    db.session.commit()
    assert shown_columns(known[0]) == before
    with transaction():
        process(event.id, gateway=stage.gateway, checkpoint=checkpoint, now=stage.now())
    assert (event.error, event.result) == (None, said)


def shown_columns(invoice: Invoice) -> dict[str, Any]:
    """Return every column of the invoice as it is stored."""
    db.session.refresh(invoice)
    return {name: getattr(invoice, name) for name in Invoice.__mapper__.columns.keys()}  # noqa: SIM118
