"""The name of the state that a bill's live region shows: equal names mean equal regions."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, select, true

from dashboard.billing.models import Invoice
from dashboard.reading.opening import Draft, added_lines, latest_run
from dashboard.reading.rows import (
    AddedLines,
    BilledOrganization,
    CurrentInvoice,
    LastIssued,
    LatestRun,
)
from dashboard.statement import Statement, columns, parameter, split

FORECAST_MINUTES = 5


class Moving(NamedTuple):
    """What of an invoice its region shows, and moves."""

    id: int
    status: str
    revision: int
    synced_revision: int
    billed_with: str
    sync_failures: int
    parked_code: str | None
    stripe_status: str | None
    amount_paid_cents: int | None
    amount_remaining_cents: int | None
    pre_payment_credit_notes_cents: int | None
    post_payment_credit_notes_cents: int | None
    refunded_cents: int
    dispute_status: str | None
    charged_back_cents: int
    payment_failure: str | None
    next_payment_attempt_at: datetime | None
    needs_verification: bool
    automatically_finalizes_at: datetime | None
    restores_schedule: bool
    last_synced_at: datetime | None
    next_sync_at: datetime | None
    stripe_total_cents: int | None

    @classmethod
    def of(cls, invoice: Invoice | CurrentInvoice) -> Moving:
        """Return it of an invoice."""
        return cls(*(getattr(invoice, name) for name in cls._fields))


class Terms(NamedTuple):
    """How an organization pays, which is what its next charge says, and its budget."""

    collection_method: str
    days_until_due: int | None
    budget_cents: int | None
    payment_method: dict[str, Any] | None
    cards: dict[str, Any]
    default_card: dict[str, Any] | None
    customer_lost_at: datetime | None


class Beside(NamedTuple):
    """What the region of a draft shows beside it: how it is charged, and the invoices before."""

    terms: Terms
    earlier: str | None
    last_issued: LastIssued | None


def tag_of_draft(organization: BilledOrganization, draft: Draft, *, now: datetime) -> str:
    """Return the tag of the current invoice with what is shown beside it."""
    terms = Terms(*(getattr(organization, name) for name in Terms._fields))
    beside = Beside(terms, draft.around.earlier, draft.last_issued)
    return tag_of(Moving.of(draft.invoice), draft.run, draft.added, beside, now=now)


def tag_of_invoice(invoice: Invoice, *, now: datetime) -> str:
    """Return the tag of any invoice: one statement."""
    row = _BESIDE.row(invoice=invoice.id)
    run, added = split(row or (), (LatestRun, AddedLines))
    return tag_of(Moving.of(invoice), run, added, now=now)


def tag_of(
    invoice: Moving,
    run: LatestRun | None,
    added: AddedLines,
    beside: Beside | None = None,
    *,
    now: datetime,
) -> str:
    """Return all facts that the region shows, one after the other.

    The forecast moves with the clock, so the tag changes every few minutes even when nothing else
    does.
    """
    facts = (
        invoice.id,
        invoice.status,
        invoice.revision,
        invoice.synced_revision,
        invoice.billed_with,
        invoice.sync_failures,
        invoice.parked_code or "free",
        invoice.stripe_status or "none",
        invoice.amount_paid_cents or 0,
        invoice.amount_remaining_cents or 0,
        invoice.pre_payment_credit_notes_cents or 0,
        invoice.post_payment_credit_notes_cents or 0,
        invoice.refunded_cents,
        invoice.dispute_status or "undisputed",
        invoice.charged_back_cents,
        int(invoice.payment_failure is not None),
        int(at.timestamp()) if (at := invoice.next_payment_attempt_at) else 0,
        int(invoice.needs_verification),
        int(invoice.automatically_finalizes_at is not None),
        int(invoice.restores_schedule),
        int(invoice.last_synced_at.timestamp()) if invoice.last_synced_at else 0,
        int(invoice.next_sync_at.timestamp()) if invoice.next_sync_at else 0,
        invoice.stripe_total_cents or 0,
        int(now.timestamp()) // (FORECAST_MINUTES * 60),
        *(map(digest, beside) if beside else ()),
        *((run.id, run.state, run.calls_made, run.calls_planned) if run else ("none",)),
        *added,
    )
    return ".".join(map(str, facts))


def digest(facts: object) -> str:
    """Return a name of facts that are too many, or too free, for a header."""
    return blake2b(repr(facts).encode(), digest_size=6).hexdigest()


_run, _added = (one(parameter("invoice", BigInteger)) for one in (latest_run, added_lines))
_BESIDE = Statement(
    select(*columns(LatestRun, _run), *columns(AddedLines, _added)).select_from(
        _added.outerjoin(_run, true())
    )
)
