"""Settle interrupted steps: find out what a call did whose result was never recorded.

Inside 23 hours the same key and body are sent again, which Stripe answers from memory; later, or
where the key only replays a failure, the object is read back and its metadata decides. A second
`add_lines` is never sent on a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, select

from dashboard.extensions import db
from dashboard.gateway.errors import KeyMismatch, Missing, Refused, ServerFailed
from dashboard.gateway.records import CustomerDraft, RemoteInvoice
from dashboard.statement import Statement, parameter
from dashboard.sync.agreed import replace_lines
from dashboard.sync.calls import call, perform
from dashboard.sync.compare import compare
from dashboard.sync.effects import (
    agree_on_terms,
    finish,
    forget_draft,
    is_present,
    record,
    record_customer,
    record_invoice,
)
from dashboard.sync.lease import extend
from dashboard.sync.missing import forget_customer, resolve_missing
from dashboard.sync.models import SyncStep
from dashboard.sync.naming import recognize
from dashboard.sync.snapshot import known_of, synced_lines
from dashboard.sync.steps import invoice_draft
from dashboard.sync.work import Work

# Stripe keeps a key for at least 24 hours; the hour between is for clocks and slow calls.
KEY_LIFE = timedelta(hours=23)
# Errors after which sending the same key again can teach nothing.
REPLAY_IS_USELESS = frozenset((ServerFailed.code, KeyMismatch.code))


def settle(work: Work) -> None:
    """Bring every unsettled step of the invoice to an outcome; raises `GatewayError`."""
    if not work.is_unsettled:
        return
    db.session.flush()
    for (number,) in _UNSETTLED.rows(invoice=work.invoice.id):
        settle_step(work, db.session.get_one(SyncStep, number))


_UNSETTLED = Statement(
    select(SyncStep.id)
    .where(SyncStep.invoice_id == parameter("invoice", BigInteger), SyncStep.outcome.is_(None))
    .order_by(SyncStep.id)
)


def settle_step(work: Work, step: SyncStep) -> None:
    """Bring one step to an outcome."""
    age = work.clock() - step.sent_at
    if age >= KEY_LIFE or step.error_code in REPLAY_IS_USELESS:
        read_back(work, step)
        return
    extend(work.lease, now=work.clock())
    step.attempts += 1
    work.checkpoint()
    try:
        reply = call(work, step)
    except (ServerFailed, KeyMismatch):
        read_back(work, step)
    except Refused:
        # The step ended as refused; the plan that follows meets the reason again and names it.
        return
    else:
        record(work, step, reply)
        work.checkpoint()
        if isinstance(reply, RemoteInvoice) and was_followed(step):
            look_again(work, reply)


def was_followed(step: SyncStep) -> bool:
    """Whether a later call of the invoice was made already, as the one that held it."""
    later = select(SyncStep.id).where(
        SyncStep.invoice_id == step.invoice_id, SyncStep.id > step.id, SyncStep.outcome.is_not(None)
    )
    return db.session.scalar(later.limit(1)) is not None


def look_again(work: Work, replayed: RemoteInvoice) -> None:
    """Read the invoice: the reply that Stripe remembered shows it as it was before later calls."""
    work.checkpoint()
    found = work.gateway.invoice(replayed.id)
    if found.status == "draft":
        extend(work.lease, now=work.clock())
        record_invoice(work, found)


def read_back(work: Work, step: SyncStep) -> None:
    """Decide by what Stripe has now."""
    extend(work.lease, now=work.clock())
    work.checkpoint()
    try:
        # A draft that is gone or replaced took with it whatever the step did to it.
        if is_present(work, step):
            work.checkpoint()
            READERS[step.operation](work, step)
    except Missing as error:
        resolve_missing(work, error)
    finish(step, "read_back", work)
    work.checkpoint()


def _read_customer(work: Work, step: SyncStep) -> None:
    found = work.gateway.find_customer(CustomerDraft(**step.body))
    if found is not None:
        record_customer(work.invoice.organization, found)


def _read_details(work: Work, step: SyncStep) -> None:
    """See what the customer says; where that is not what is wanted, it is told anew."""
    found = work.gateway.customer(step.body["customer_id"])
    if found.is_deleted:
        forget_customer(work, found.id)
    else:
        record_customer(work.invoice.organization, found)


def _read_draft(work: Work, step: SyncStep) -> None:
    found = work.gateway.find_invoice(invoice_draft(step.body))
    if found is not None:
        record_invoice(work, found)
        agree_on_terms(work.invoice, step)


def _read_lines(work: Work, step: SyncStep) -> None:
    """Make the agreed lines anew from the lines that carry our metadata."""
    lines = work.gateway.lines(step.body["invoice_id"])
    found = work.gateway.invoice(step.body["invoice_id"])
    extend(work.lease, now=work.clock())
    work.remote = recognize(work.invoice.id, lines)
    agreed = synced_lines(work.invoice.id)
    known = compare((), [known_of(one) for one in agreed], work.remote).known
    members = {one.key: one.members for one in agreed}
    members |= {line["key"]: line.get("members", {}) for line in step.body["lines"]}
    replace_lines(work.invoice, known, members)
    # A copy that came twice is no agreed line; the comparison that follows removes it.
    work.differs = work.differs or len(known) > len({one.content.key for one in known})
    # One that is no longer a draft is a reconciliation, not a report: the next call meets it.
    if found.status == "draft":
        record_invoice(work, found)


def _read_schedule(work: Work, step: SyncStep) -> None:
    """See what Stripe's schedule is; where the step did not set it, it is set now."""
    _read_invoice(work, step)
    invoice, at = work.invoice, step.body["at"]
    wanted = None if at is None else datetime.fromisoformat(at)
    may_run = wanted is None or invoice.parked_at is None
    is_draft = invoice.stripe_status == "draft"
    if is_draft and may_run and invoice.automatically_finalizes_at != wanted:
        perform(work, step.operation, step.body)


def _read_invoice(work: Work, step: SyncStep) -> None:
    found: RemoteInvoice = work.gateway.invoice(step.body["invoice_id"])
    record_invoice(work, found)


def _read_deletion(work: Work, step: SyncStep) -> None:
    try:
        work.gateway.invoice(step.body["invoice_id"])
    except Missing:
        extend(work.lease, now=work.clock())
        forget_draft(work.invoice)


def _delete_again(work: Work, step: SyncStep) -> None:
    """Deleting is safe to repeat, and says nothing that a reading would."""
    perform(work, step.operation, step.body)


READERS: Mapping[str, Callable[[Work, SyncStep], None]] = {
    "create_customer": _read_customer,
    "update_customer": _read_details,
    "create_invoice": _read_draft,
    # The days cannot be read back. Set again, they are the same.
    "set_terms": _read_invoice,
    "add_lines": _read_lines,
    "update_lines": _read_lines,
    "remove_lines": _read_lines,
    "schedule": _read_schedule,
    "finalize": _read_invoice,
    "delete_invoice": _read_deletion,
    "delete_item": _delete_again,
}
