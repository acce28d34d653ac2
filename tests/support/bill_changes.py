"""What may happen to a bill, one change for each part of its page."""

from collections.abc import Callable

from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.billing.overview import items_of
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.sync.models import AddedLine, SyncedLine, SyncRun

NOW = utc_now()


Change = Callable[[Invoice], object]


def agree(invoice: Invoice) -> None:
    """Let Stripe have confirmed the first lines, one of another amount, and a roll-up of others."""
    first, second, third = items_of(invoice)
    for key, cents, members in (
        (first.key, first.amount_cents, {}),
        (second.key, second.amount_cents + 1, {}),
        ("rest", third.amount_cents, {third.key: third.amount_cents}),
    ):
        line = SyncedLine(
            organization_id=invoice.organization_id, invoice_id=invoice.id, key=key,
            amount_cents=cents, description=first.description, members=members,
            period_start=first.period_start.replace(microsecond=0),
            period_end=first.period_end.replace(microsecond=0),
        )  # fmt: skip
        database.session.add(line)
    invoice.synced_revision, invoice.last_synced_at = invoice.revision, NOW
    invoice.stripe_invoice_id, invoice.stripe_status = "in_1", "draft"


def run(invoice: Invoice, state: str = "retrying", **properties: object) -> SyncRun:
    """Let a sync of the invoice be in this state."""
    made = SyncRun(
        organization_id=invoice.organization_id, invoice_id=invoice.id, trigger="support",
        actor_kind="system", actor_label="system", created_at=NOW, state=state, **properties,
    )  # fmt: skip
    database.session.add(made)
    return made


def find_foreign(invoice: Invoice, decision: str | None = None) -> None:
    """Let Stripe's draft hold a line that is not ours."""
    line = AddedLine(
        organization_id=invoice.organization_id, invoice_id=invoice.id, stripe_line_id="il_f",
        description="Consulting", amount_cents=9900, found_at=NOW, decision=decision,
    )  # fmt: skip
    database.session.add(line)


CHANGES: dict[str, Change] = {
    "agreed": agree,
    "edited": lambda one: setattr(one, "needs_verification", True),
    "failing": lambda one: setattr(one, "sync_failures", 3),
    "held back": lambda one: put_on_hold(
        one, "differs", "Stripe's total is $1.00 higher.", now=NOW
    ),
    "under way": lambda one: run(one, "running", calls_planned=2, calls_made=1),
    "beyond its plan": lambda one: run(one, "running", calls_planned=2, calls_made=3),
    "retrying": lambda one: run(one, error="Stripe failed", next_attempt_at=NOW),
    "synced before": lambda one: run(one, "succeeded", calls_made=2),
    "undecided": find_foreign,
    "left": lambda one: find_foreign(one, "leave"),
    "taken": lambda one: find_foreign(one, "take_ours"),
    "restored": lambda one: setattr(one, "restores_schedule", True),
    "scheduled": lambda one: setattr(one, "automatically_finalizes_at", NOW),
}
