"""What happened to an organization, for the tests of its timeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboard.audit.actor import SYSTEM, Actor
from dashboard.audit.write import write_entry
from dashboard.billing.draft import current_invoice
from dashboard.budgets.models import BudgetAlert
from dashboard.extensions import db
from dashboard.mail.models import Mail
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.webhooks.models import WebhookEvent
from tests.factories import NOW


def act(
    organization: Organization, action: str, *, at: datetime = NOW, by: Actor = SYSTEM, **facts: Any
) -> None:
    """Put an act on record."""
    write_entry(action, organization, by, facts, now=at)
    db.session.flush()


def run(organization: Organization, *, at: datetime = NOW, **known: Any) -> SyncRun:
    """Return a run that has ended."""
    made = SyncRun(
        organization_id=organization.id,
        invoice_id=current_invoice(organization).id,
        created_at=at,
        **{
            "trigger": "scheduled", "state": "succeeded", "actor_kind": "system",
            "actor_label": "System", "finished_at": at,
        }
        | known,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def event(about: str, *, at: datetime = NOW, number: int = 1, **known: Any) -> WebhookEvent:
    """Return an event of Stripe about something of this name."""
    made = WebhookEvent(
        stripe_event_id=f"evt_{about}_{number}",
        object_id=about,
        about=about,
        created_at=at,
        received_at=at,
        **{"payload": {}, "type": "invoice.paid", "state": "processed", "result": "It is paid."}
        | known,
    )
    db.session.add(made)
    db.session.flush()
    return made


def alert(organization: Organization, *addresses: str, at: datetime = NOW) -> BudgetAlert:
    """Return half of a budget that was reached, and mails about it that were sent."""
    made = BudgetAlert(
        organization_id=organization.id,
        cycle_id=current_invoice(organization).cycle_id,
        kind="used",
        percent=50,
        budget_cents=200_000,
        cents=100_122,
        currency=organization.currency,
        is_news=True,
        noted_at=at,
    )
    db.session.add(made)
    db.session.flush()
    for address in addresses:
        db.session.add(
            Mail(
                kind="budget", address=address, budget_alert_id=made.id, created_at=at, ends_at=at,
                next_attempt_at=at, sent_at=at,
            )
        )  # fmt: skip
    db.session.flush()
    return made
