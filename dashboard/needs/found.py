"""What is found: one row for each thing that needs a person, in columns that all kinds share.

Each query reads an index of the few rows that are in trouble (docs/decisions/lists-at-size.md), so
neither asks for all invoices, and ends after the first `MOST`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from dashboard.approvals.models import Proposal
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.lost_customer import NOBODY_CHARGES
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.refund_models import Refund
from dashboard.billing.reissue_models import Reissue
from dashboard.billing.void_listing import ASKED_CENTS
from dashboard.billing.void_listing import WAITS as VOID_WAITS
from dashboard.billing.void_models import VoidCase
from dashboard.budgets.models import UnusualUsage
from dashboard.organizations.models import Organization
from dashboard.sync.models import AddedLine, SyncRun
from dashboard.webhooks.models import WebhookEvent

# Of one kind. Whoever has a thousand of one has one cause, and not a thousand things to do.
MOST = 1000
# One is issued in a second. What was refused a week ago, somebody has thought about.
NOT_ISSUED_FOR, REFUSED_WITHIN = timedelta(minutes=15), timedelta(days=7)
UNFINISHED = ("draft", "closing", "sealed")


class Found(NamedTuple):
    """Something that needs a person; equal as long as nothing of it changes.

    Without `since` it is so since it was found.
    """

    subject: str
    since: datetime | None
    facts: Mapping[str, Any]
    organization_id: int | None = None
    stake_cents: int | None = None
    currency: str | None = None


Rows = Select[*tuple[Any, ...]]
_Kind = type[CreditNote] | type[Reissue] | type[Refund]
_IS_ON_HOLD = Invoice.parked_at.is_not(None)
_REMAINING = func.coalesce(Invoice.amount_remaining_cents, Invoice.amount_due_cents)
_OWED = func.coalesce(_REMAINING, Invoice.total_cents)
_ABOVE_HABIT = UnusualUsage.cents - UnusualUsage.habit_cents
_IS_DUE = Invoice.due_at.is_not(None)


def on_hold(_now: datetime) -> Rows:
    """Return the invoices that are held back until somebody decides."""
    facts = _facts(reason=Invoice.parked_reason, code=Invoice.parked_code)
    return _invoices(Invoice.parked_at, Invoice.total_cents, facts).where(_IS_ON_HOLD)


def past_due(now: datetime) -> Rows:
    """Return the issued invoices that were to be paid by now."""
    facts = _facts(
        due_at=Invoice.due_at,
        attempts=Invoice.attempt_count,
        failure=Invoice.payment_failure,
        next_at=Invoice.next_payment_attempt_at,
    )
    is_late = (Invoice.status == "open") & _IS_DUE & (Invoice.due_at < now) & (_OWED > 0)
    return _invoices(Invoice.due_at, _OWED, facts).where(is_late, ~_IS_ON_HOLD)


def declined(now: datetime) -> Rows:
    """Return the issued invoices whose payment failed and that are not past due yet."""
    facts = _facts(
        failure=Invoice.payment_failure,
        attempts=Invoice.attempt_count,
        next_at=Invoice.next_payment_attempt_at,
    )
    failed = (Invoice.status == "open") & Invoice.payment_failure.is_not(None)
    # Of a customer who was deleted at Stripe nobody declined anything.
    declines = Invoice.payment_failure != NOBODY_CHARGES
    return _invoices(Invoice.finalized_at, _OWED, facts).where(
        failed, declines, ~_IS_ON_HOLD, or_(~_IS_DUE, Invoice.due_at >= now)
    )


def disputed(_now: datetime) -> Rows:
    """Return the invoices of which a bank asks the payment back, those to answer soonest first."""
    facts = _facts(answer_by=Invoice.dispute_answer_by_at, status=Invoice.dispute_status)
    answered = func.coalesce(Invoice.paid_at, Invoice.finalized_at)
    return _invoices(answered, Invoice.disputed_cents, facts).where(
        Invoice.disputed_cents > 0, Invoice.dispute_answer_by_at.is_not(None)
    )


def failing(_now: datetime) -> Rows:
    """Return the unfinished invoices whose sync failed more than once since it last worked."""
    error = (
        select(SyncRun.error)
        .where(SyncRun.invoice_id == Invoice.id)
        .order_by(SyncRun.id.desc())
        .limit(1)
        .correlate(Invoice)
        .scalar_subquery()
    )
    facts = _facts(failures=Invoice.sync_failures, error=error, next_at=Invoice.next_sync_at)
    since = func.coalesce(Invoice.last_synced_at, Invoice.created_at)
    return _invoices(since, Invoice.total_cents, facts).where(
        Invoice.sync_failures > 1, Invoice.status.in_(UNFINISHED), ~_IS_ON_HOLD
    )


def differing(_now: datetime) -> Rows:
    """Return the unfinished invoices with lines added at Stripe that nobody decided on."""
    return _with_lines(func.bool_or(AddedLine.decision.is_(None)))


def left(_now: datetime) -> Rows:
    """Return those that are held back by such lines, which somebody left where they are."""
    return _with_lines(~func.bool_or(AddedLine.decision.is_(None)))


def void(_now: datetime) -> Rows:
    """Return the void invoices whose money nobody decided on."""
    return (
        _invoices(VoidCase.opened_at, func.abs(ASKED_CENTS), _facts())
        .join(VoidCase, VoidCase.invoice_id == Invoice.id)
        .where(*VOID_WAITS, ~_IS_ON_HOLD)
    )


def credit_notes(now: datetime) -> Rows:
    """Return the credit notes that Stripe refused in the last week, and that nobody made anew, and
    those that it has not issued or voided for long.
    """
    facts = {"is_void": CreditNote.void_asked_at.is_not(None)}
    late_void = CreditNote.void_asked_at < now - NOT_ISSUED_FOR
    return _not_carried_out(CreditNote, CreditNote.amount_cents, facts).where(
        or_(_is_late_or_refused(CreditNote, now), late_void)
    )


def reissues(now: datetime) -> Rows:
    """Return the same of the reissues by a void: one by a credit note is found by that."""
    return _not_carried_out(Reissue, Reissue.taken_cents, {}).where(
        Reissue.way == "void", _is_late_or_refused(Reissue, now)
    )


def refunds(now: datetime) -> Rows:
    """Return the same of the refunds."""
    return _not_carried_out(Refund, Refund.amount_cents, {}).where(_is_late_or_refused(Refund, now))


def _not_carried_out(kind: _Kind, cents: Any, facts: Mapping[str, Any]) -> Rows:
    told = _facts(cents=cents, error=kind.error, **facts)
    return _invoices(kind.created_at, cents, told).join(kind, kind.invoice_id == Invoice.id)


def _is_late_or_refused(kind: _Kind, now: datetime) -> ColumnElement[bool]:
    later = aliased(kind)
    is_made_anew = (
        select(later.id).where(later.invoice_id == kind.invoice_id, later.id > kind.id).exists()
    )
    is_late = and_(kind.state == "planned", kind.created_at < now - NOT_ISSUED_FOR)
    is_recent = kind.ended_at > now - REFUSED_WITHIN
    return or_(is_late, and_(kind.state == "refused", is_recent, ~is_made_anew))


def approvals(now: datetime) -> Rows:
    """Return the moves of money that wait for a second person."""
    facts = func.jsonb_build_object(
        "cents", Proposal.amount_cents, "description", Proposal.terms["description"].astext,
        "proposed_by", Proposal.proposed_by, "ends_at", Proposal.ends_at,
        "kind", Proposal.kind, "decision", Proposal.terms["decision"].astext,
    )  # fmt: skip
    return (
        shown(
            cast(Proposal.id, String),
            Proposal.proposed_at,
            facts,
            Proposal.organization_id,
            func.abs(Proposal.amount_cents),
            Proposal.currency,
        )
        .where(Proposal.state == "waits", Proposal.ends_at > now)
        .order_by(Proposal.ends_at, Proposal.id)
        .limit(MOST)
    )


def dead(_now: datetime) -> Rows:
    """Return the events that were given up, with the invoice or customer that they are about."""
    facts = func.jsonb_build_object(
        "type", WebhookEvent.type, "attempts", WebhookEvent.attempts, "error", WebhookEvent.error
    )
    is_of_one = Invoice.id.is_not(None)
    # Given up before it was known whose it is; Stripe's name of a customer tells.
    is_customer = (Organization.stripe_customer_id == WebhookEvent.about) & (
        Organization.stripe_customer_id.is_not(None)
    )
    return (
        shown(
            cast(WebhookEvent.id, String),
            WebhookEvent.received_at,
            facts,
            func.coalesce(Invoice.organization_id, WebhookEvent.organization_id, Organization.id),
            _OWED,
            Invoice.currency,
        )
        .select_from(WebhookEvent)
        .outerjoin(Invoice, (Invoice.stripe_invoice_id == WebhookEvent.object_id) & is_of_one)
        .outerjoin(Organization, is_customer)
        .where(WebhookEvent.state == "dead")
        .order_by(WebhookEvent.id)
        .limit(MOST)
    )


def unusual(_now: datetime) -> Rows:
    """Return the usage far from its habit that goes on; what it costs above that is at stake."""
    facts = func.jsonb_build_object(
        "product", UnusualUsage.product,
        "began_on", UnusualUsage.began_on,
        "cents", UnusualUsage.cents,
        "habit_cents", UnusualUsage.habit_cents,
        "service", UnusualUsage.service_label,
    )  # fmt: skip
    of_one = (UnusualUsage.organization_id, _ABOVE_HABIT, UnusualUsage.currency)
    subject = cast(UnusualUsage.id, String)
    return (
        shown(subject, UnusualUsage.noted_at, facts, *of_one)
        .where(UnusualUsage.ended_on.is_(None))
        .order_by(UnusualUsage.noted_at, UnusualUsage.id)
        .limit(MOST)
    )


def _with_lines(which: ColumnElement[bool]) -> Rows:
    since, described = func.min(AddedLine.found_at), func.min(AddedLine.description)
    facts = _facts(lines=func.count(), description=described)
    stake = cast(func.sum(func.abs(AddedLine.amount_cents)), Invoice.total_cents.type)
    holds = or_(AddedLine.decision.is_(None), AddedLine.decision == "leave")
    return (
        _invoices(since, stake, facts)
        .join(AddedLine, AddedLine.invoice_id == Invoice.id)
        .where(holds, Invoice.status.not_in(FINALIZED), ~_IS_ON_HOLD)
        .group_by(Invoice.id)
        .having(which)
    )


def _invoices(
    since: ColumnElement[Any] | InstrumentedAttribute[Any],
    stake: ColumnElement[Any] | InstrumentedAttribute[Any],
    facts: ColumnElement[Any],
) -> Rows:
    subject = cast(Invoice.id, String)
    query = shown(subject, since, facts, Invoice.organization_id, stake, Invoice.currency)
    return query.select_from(Invoice).order_by(since, Invoice.id).limit(MOST)


def shown(*columns: Any) -> Rows:
    """Return the query of what is found, with its columns named."""
    named = zip(Found._fields, columns, strict=True)
    return select(*(column.label(name) for name, column in named))


def _facts(**facts: Any) -> ColumnElement[Any]:
    every = {"sequence": Invoice.sequence, "number": Invoice.number} | facts
    return func.jsonb_build_object(*(part for one in every.items() for part in one))
