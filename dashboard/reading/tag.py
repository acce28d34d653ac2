"""The name of the state that a bill's live region shows: equal names mean equal regions."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy import BigInteger, select, true

from dashboard.billing.models import Invoice
from dashboard.reading.opening import Draft, foreign_lines, latest_run
from dashboard.reading.rows import BilledOrganization, ForeignLines, LatestRun
from dashboard.statement import Statement, columns, parameter, split
from dashboard.sync.facts import InvoiceFacts

FORECAST_MINUTES = 5


class Moving(InvoiceFacts, Protocol):
    """An invoice, as far as its region shows it."""

    @property
    def revision(self) -> int: ...
    @property
    def synced_revision(self) -> int: ...
    @property
    def parked_code(self) -> str | None: ...
    @property
    def amount_paid_cents(self) -> int | None: ...
    @property
    def amount_remaining_cents(self) -> int | None: ...
    @property
    def pre_payment_credit_notes_cents(self) -> int | None: ...
    @property
    def post_payment_credit_notes_cents(self) -> int | None: ...
    @property
    def refunded_cents(self) -> int: ...
    @property
    def charged_back_cents(self) -> int: ...
    @property
    def dispute_status(self) -> str | None: ...
    @property
    def payment_failure(self) -> str | None: ...
    @property
    def next_payment_attempt_at(self) -> datetime | None: ...


def tag_of_draft(organization: BilledOrganization, draft: Draft, *, now: datetime) -> str:
    """Return the tag of the current invoice; what its next charge says is part of it."""
    terms = (organization.collection_method, organization.days_until_due or 0)
    return _tag(draft.invoice, draft.run, draft.foreign, now, *terms)


def tag_of_invoice(invoice: Invoice, *, now: datetime) -> str:
    """Return the tag of any invoice: one statement."""
    row = _BESIDE.row(invoice=invoice.id)
    run, foreign = split(row or (), (LatestRun, ForeignLines))
    return _tag(invoice, run, foreign, now)


def _tag(
    invoice: Moving, run: LatestRun | None, foreign: ForeignLines, now: datetime, *more: str | int
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
        int(now.timestamp()) // (FORECAST_MINUTES * 60),
        *more,
        *((run.id, run.state, run.calls_made, run.calls_planned) if run else ("none",)),
        *foreign,
    )
    return ".".join(map(str, facts))


_run, _foreign = (one(parameter("invoice", BigInteger)) for one in (latest_run, foreign_lines))
_BESIDE = Statement(
    select(*columns(LatestRun, _run), *columns(ForeignLines, _foreign)).select_from(
        _foreign.outerjoin(_run, true())
    )
)
