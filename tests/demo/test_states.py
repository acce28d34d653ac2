"""The whole demo is made once, and has something to show of every state that pages know."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select, text

from dashboard.accounts.models import Membership
from dashboard.approvals.models import Proposal
from dashboard.billing.correction_models import Correction
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.void_models import VoidCase
from dashboard.budgets.models import BudgetAlert, UnusualUsage
from dashboard.clock import utc_now
from dashboard.gateway.conformance.api import Api
from dashboard.invariants.look import look_at_all
from dashboard.organizations.models import Organization
from dashboard.reading.charge import Charge, charge_of
from dashboard.sync.models import AddedLine
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from dashboard.usage.models import UsageTotal
from dashboard.webhooks.models import WebhookEvent
from demo.cast import EDITED, ORGANIZATIONS
from demo.past.play import make_past
from demo.seed import seed
from demo.settings import DemoSettings
from jobs.syncs import enqueue_run
from tests.support.stack import Stack

pytestmark = pytest.mark.timeout(300)
# Somebody added a line to these at Stripe; everybody else's invoices are equal to the cent.
DIFFERING = {"foxglove-maps", "cedar-press"}


def test_the_demo_shows_every_state_and_equals_stripe_but_where_it_says_so(
    live_stack: Stack, db: SQLAlchemy, tmp_path: Path
) -> None:
    settings = DemoSettings(live_stack.url, tmp_path, live_stack.simulator_url, "sk_test_sandbox")
    told: list[str] = []
    make_past(settings, ORGANIZATIONS, tell=told.append)
    seed(settings, ORGANIZATIONS)
    assert len(told) > 12
    compare(db, EDITED.slug)
    wait_for(lambda: is_shown(db, "a line added at Stripe that differs"))
    assert [name for name in STATES if not is_shown(db, name)] == []
    assert differing(db, settings) == DIFFERING
    assert late(db) == []
    assert [str(one) for _, found in look_at_all() for one in found] == []
    before = rows(db)
    make_past(settings, ORGANIZATIONS, tell=told.append)
    assert rows(db) == before


def compare(db: SQLAlchemy, slug: str) -> None:
    """Have the present bill of an organization compared, as the clock does after Stripe's event."""
    with transaction():
        [draft] = invoices(db, slug, DRAFT)
        enqueue_run(request_sync(draft, Request("event", verify=True), now=utc_now()))


def is_shown(db: SQLAlchemy, name: str) -> bool:
    """Whether the demo has this state."""
    db.session.rollback()
    return bool(STATES[name](db))


def invoices(db: SQLAlchemy, slug: str, *more: Any) -> list[Invoice]:
    """Return the invoices of an organization for which more holds, the newest first."""
    query = select(Invoice).join(Invoice.organization).where(Organization.slug == slug, *more)
    return list(db.session.scalars(query.order_by(Invoice.sequence.desc())))


def charge(db: SQLAlchemy, slug: str) -> Charge:
    """Return how the present bill of an organization is charged."""
    [draft] = invoices(db, slug, Invoice.status == "draft")
    return charge_of(draft.organization, draft.period_end)


def count(db: SQLAlchemy, *conditions: Any) -> int:
    """Return how many rows there are for which all of this holds."""
    return db.session.scalar(select(func.count()).where(*conditions)) or 0


def days_of_usage(db: SQLAlchemy, slug: str) -> int:
    """Return on how many days an organization used anything."""
    query = select(func.count(func.distinct(UsageTotal.day))).join(
        Organization, Organization.id == UsageTotal.organization_id
    )
    return db.session.scalar(query.where(Organization.slug == slug)) or 0


PAID, OPEN, DRAFT = (Invoice.status == one for one in ("paid", "open", "draft"))
STATES: dict[str, Callable[[SQLAlchemy], object]] = {
    "twelve months of paid invoices": lambda db: len(invoices(db, "paper-lantern", PAID)) == 12,
    "the days of twelve months": lambda db: days_of_usage(db, "paper-lantern") > 365,
    "a card that was declined and is tried again": lambda db: invoices(
        db, "copper-kettle", OPEN, Invoice.payment_failure.is_not(None),
        Invoice.next_payment_attempt_at > utc_now(),
    ),
    "an invoice past due": lambda db: invoices(db, "old-mill", OPEN, Invoice.due_at < utc_now()),
    "an invoice paid by a transfer": lambda db: invoices(db, "old-mill", PAID),
    "an invoice on hold": lambda db: invoices(
        db, "cedar-press", Invoice.status == "sealed", Invoice.parked_code == "foreign_lines"
    ),
    "a line added at Stripe that differs": lambda db: db.session.scalars(
        select(AddedLine).join(Invoice, Invoice.id == AddedLine.invoice_id).where(
            DRAFT, AddedLine.decision.is_(None)
        )
    ).all(),
    "an invoice that closes": lambda db: invoices(
        db, "saltbox-studio", Invoice.status == "closing"
    ),
    "a void invoice that waits for a decision": lambda db: count(
        db, VoidCase.state == "undecided"
    ),
    "an invoice given up": lambda db: invoices(
        db, "ninth-planet", Invoice.status == "uncollectible"
    ),
    "a card that expires before its charge": lambda db: charge(db, "quartz-weather").expires_before,
    "nobody's card": lambda db: charge(db, "tidal-fitness").by == "nothing",
    "a bill of zero": lambda db: invoices(db, "pebble-analytics", DRAFT, Invoice.total_cents == 0),
    "a bill below zero": lambda db: invoices(db, "lumen-ferry", DRAFT, Invoice.total_cents < 0),
    "credit left from an invoice": lambda db: invoices(
        db, "lumen-ferry", PAID, Invoice.total_cents < 0
    ),
    "money given back, and money a bank asks for": lambda db: {"credit_note", "dispute"}
    <= set(db.session.scalars(select(Correction.kind))),
    "a dead event": lambda db: count(db, WebhookEvent.state == "dead"),
    "a budget that is used up": lambda db: count(
        db, BudgetAlert.kind == "used", BudgetAlert.percent == 100
    ),
    "usage far from its habit": lambda db: count(db, UnusualUsage.ended_on.is_(None)),
    "usage taken off again": lambda db: db.session.scalar(
        text("select count(*) from usage_taken_off")
    ),
    "two hundred items": lambda db: count(
        db, InvoiceItem.invoice_id == invoices(db, "nimbus-arcade", DRAFT)[0].id
    ) >= 190,
    "another currency": lambda db: invoices(db, "moonlit-paper", PAID, Invoice.currency == "jpy"),
    "nothing at all": lambda db: invoices(db, "empty-shelf", Invoice.total_cents == 0),
    "a long name": lambda db: count(db, func.length(Organization.name) > 100),
    "a name from right to left": lambda db: count(db, Organization.name.op("~")("[؀-ۿ]")),
    "a proposal that waits for a second person": lambda db: count(db, Proposal.state == "waits"),
    "invoices made out to an address and a tax id": lambda db: all(
        one.billed_to["address"] and one.billed_to["tax_ids"] == ["00-2718281"]
        for one in invoices(db, "paper-lantern", PAID)
    ),
    "members of each role": lambda db: set(db.session.scalars(select(Membership.role)))
    == {"owner", "billing", "reader"},
}  # fmt: skip


def differing(db: SQLAlchemy, settings: DemoSettings) -> set[str]:
    """Return whose invoices come to another total at Stripe than here."""
    db.session.rollback()
    stripe = Api(settings.stripe_api_base, settings.stripe_api_key)
    found = set()
    for invoice in db.session.scalars(
        select(Invoice).where(Invoice.stripe_invoice_id.is_not(None))
    ):
        if invoice.synced_revision == invoice.revision:
            reply = stripe.get(f"invoices/{invoice.stripe_invoice_id}")
            # A draft that billed nothing was deleted there.
            theirs = 0 if reply.status == 404 else reply["total"]
            if theirs != invoice.total_cents:
                found.add(invoice.organization.slug)
    stripe.close()
    return found


def late(db: SQLAlchemy) -> list[str]:
    """Return whose bills have waited for a sync for longer than one takes to come around."""
    due = (
        select(Organization.slug)
        .join(Invoice)
        .where(
            Invoice.status.in_(("draft", "closing")),
            Invoice.revision > Invoice.synced_revision,
            Invoice.next_sync_at < utc_now() - timedelta(hours=2),
        )
    )
    return list(db.session.scalars(due))


def rows(db: SQLAlchemy) -> tuple[int, int, int]:
    """Count what a second start would add to."""
    db.session.rollback()
    counted = (Organization.id > 0, Invoice.id > 0, InvoiceItem.id > 0)
    return tuple(count(db, one) for one in counted)  # type: ignore[return-value]


def wait_for(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until `holds()`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)
