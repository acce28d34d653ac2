"""What a confirmed call changes here: Stripe's ids, the agreed lines, the totals last seen."""

from __future__ import annotations

from sqlalchemy import select

from dashboard.billing.identity import is_customer_of, is_this
from dashboard.billing.locks import lock_row, read_held
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import record_remote
from dashboard.extensions import db
from dashboard.gateway.errors import NotOurs
from dashboard.gateway.records import RemoteCustomer, RemoteInvoice
from dashboard.organizations.models import Organization
from dashboard.sync.agreed import agreement, apply_lines, learn_ids
from dashboard.sync.lease import extend
from dashboard.sync.models import ForeignLine, SyncedLine, SyncStep
from dashboard.sync.steps import LINE_OPERATIONS, TERMS_OPERATIONS, Reply
from dashboard.sync.work import Work

UNTOUCHED = "Nothing was changed here. Check whether another application uses the same account."


def record(work: Work, step: SyncStep, reply: Reply) -> None:
    """Note the effect of `step` as its reply shows it, in the transaction that ends the step."""
    invoice = work.invoice
    if isinstance(reply, RemoteCustomer):
        told = {"name": step.body["name"], "email": step.body["email"].lower()}
        record_customer(invoice.organization, reply, told)
    extend(work.lease, now=work.clock())
    if isinstance(reply, RemoteInvoice) and is_present(work, step):
        record_invoice(work, reply)
        agree_on_terms(invoice, step)
        if step.operation in LINE_OPERATIONS:
            apply_lines(invoice, step)
        # Of what is no draft any more nothing is left to be compared line by line.
        work.differs = reply.status == "draft" and not agrees(invoice, reply)
    if step.operation == "delete_invoice":
        forget_draft(invoice)
    work.remote = None
    finish(step, "done", work, reply)


def agrees(invoice: Invoice, draft: RemoteInvoice) -> bool:
    """Whether a reply's total is that of the agreed lines; the ids that it shows are kept."""
    found = agreement(invoice.id)
    if found.unlearned:
        learn_ids(invoice, draft.lines)
    return draft.total_cents == found.agreed_cents


def is_present(work: Work, step: SyncStep) -> bool:
    """Whether a step is about what the invoice is at Stripe by now, whose row is locked.

    Its draft may have been deleted there, or replaced by a revision, while the answer was awaited.
    """
    read_held(work.invoice)
    asked = step.body.get("invoice_id")
    return asked is None or asked == work.invoice.stripe_invoice_id


def record_customer(
    organization: Organization,
    remote: RemoteCustomer,
    told: dict[str, str | None] | None = None,
) -> None:
    """Take over the customer, unless the sync of another invoice was first: its drafts use that.

    Raises `NotOurs` for one that was not made for the organization.
    """
    if not is_customer_of(organization, remote):
        raise NotOurs(f"Stripe answered with customer {remote.id}, which is not ours. {UNTOUCHED}")
    lock_row(organization)
    if organization.stripe_customer_id is None:
        organization.stripe_customer_id = remote.id
    if organization.stripe_customer_id == remote.id:
        # What was told, and not how Stripe writes it: else it would be told for ever.
        organization.agreed_customer = told or {"name": remote.name, "email": remote.email}
        organization.customer_at_stripe = None


def agree_on_terms(invoice: Invoice, step: SyncStep) -> None:
    """Keep how Stripe's draft is collected: its own answer does not tell the days."""
    if step.operation in TERMS_OPERATIONS:
        told = {name: step.body[name] for name in ("collection_method", "days_until_due")}
        invoice.agreed_terms = told


def record_invoice(work: Work, remote: RemoteInvoice) -> None:
    """Take over what a reply or a reading shows of the invoice; `NotOurs` if it is of another."""
    # An event may have told more of it while the call was under way.
    read_held(work.invoice)
    if not is_this(work.invoice, remote):
        raise NotOurs(f"Stripe answered with {remote.id}, which is not this invoice. {UNTOUCHED}")
    work.invoice.stripe_invoice_id = remote.id
    record_remote(work.invoice, remote, now=work.clock())


def finish(step: SyncStep, outcome: str, work: Work, reply: Reply = None) -> None:
    """End a step: from now on it needs no settling. Raises `LeaseLost`.

    Whoever took the invoice over has settled the step already, and knows newer things.
    """
    extend(work.lease, now=work.clock())
    work.steps.append(step)
    step.outcome = outcome
    step.finished_at = work.clock()
    if reply is not None:
        step.stripe_request_id = reply.request_id


def forget_draft(invoice: Invoice) -> None:
    """Forget a draft that no longer exists at Stripe; the next sync makes a new one.

    The invoice must be locked: whoever decides on one of its lines holds it too.
    """
    for table in (SyncedLine, ForeignLine):
        for line in db.session.scalars(select(table).where(table.invoice_id == invoice.id)):
            db.session.delete(line)
    db.session.flush()
    invoice.stripe_invoice_id = None
    invoice.stripe_attempt += 1
    invoice.stripe_status = None
    invoice.stripe_total_cents = None
    invoice.agreed_terms = None
    invoice.automatically_finalizes_at = None
    invoice.synced_revision = 0
    invoice.synced_total_cents = 0
