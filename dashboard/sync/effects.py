"""What a confirmed call changes here: Stripe's ids, the agreed lines, the totals last seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete, func, select

from dashboard.billing.identity import is_customer_of, is_this
from dashboard.billing.locks import lock_row, read_held
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import record_remote
from dashboard.extensions import db
from dashboard.gateway.errors import NotOurs
from dashboard.gateway.records import RemoteCustomer, RemoteInvoice, RemoteLine
from dashboard.organizations.models import Organization
from dashboard.sync.lease import extend
from dashboard.sync.models import ForeignLine, SyncedLine, SyncStep
from dashboard.sync.plan import Known
from dashboard.sync.snapshot import Snapshot, synced_lines
from dashboard.sync.steps import LINE_OPERATIONS, TERMS_OPERATIONS, Reply, line_content
from dashboard.sync.work import Work

UNTOUCHED = "Nothing of it was taken over. See whether another application uses the same account."


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
            apply_lines(invoice, step, reply.lines)
        # Of what is no draft any more nothing is left to be compared line by line.
        is_draft = reply.status == "draft"
        work.differs = is_draft and reply.total_cents != agreed_total(invoice.id)
    if step.operation == "delete_invoice":
        forget_draft(invoice)
    work.remote = None
    finish(step, "done", work, reply)


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
        raise NotOurs(f"Stripe answered with customer {remote.id}, who is not ours. {UNTOUCHED}")
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
    step.outcome = outcome
    step.finished_at = work.clock()
    if reply is not None:
        step.stripe_request_id = reply.request_id


def apply_lines(invoice: Invoice, step: SyncStep, shown: Sequence[RemoteLine]) -> None:
    """Move the agreed lines by what a bulk step did, and keep the ids that its reply showed."""
    by_key = {line.key: line for line in synced_lines(invoice.id)}
    for body in step.body["lines"]:
        line = by_key.get(body["key"])
        if step.operation == "remove_lines":
            forget_line(invoice.id, body["line_id"], line)
            continue
        if line is None:
            line = SyncedLine(
                organization_id=invoice.organization_id, invoice_id=invoice.id, key=body["key"]
            )
            db.session.add(line)
            by_key[line.key] = line
        content = line_content(body)
        line.stripe_line_id = body["line_id"]
        line.amount_cents = content.amount_cents
        line.description = content.description
        line.period_start = content.period_start
        line.period_end = content.period_end
        line.members = dict(content.members)
    keep_ids(by_key.values(), shown)
    db.session.flush()


def forget_line(invoice_id: int, line_id: str, line: SyncedLine | None) -> None:
    """Drop the agreed line or foreign line that had this id at Stripe."""
    # A surplus copy shares its key with the line that stays: only the id tells them apart.
    if line is not None and line.stripe_line_id in (line_id, None):
        db.session.delete(line)
    db.session.execute(
        delete(ForeignLine).where(
            ForeignLine.invoice_id == invoice_id, ForeignLine.stripe_line_id == line_id
        )
    )


def replace_lines(
    invoice: Invoice, known: Sequence[Known], members: Mapping[str, dict[str, int]]
) -> None:
    """Make the agreed lines those that a reading showed; of a key that is there twice, the first.

    `members` are what the roll-ups among them stand for.
    """
    db.session.execute(delete(SyncedLine).where(SyncedLine.invoice_id == invoice.id))
    for key, one in {one.content.key: one for one in reversed(known)}.items():
        db.session.add(
            SyncedLine(
                organization_id=invoice.organization_id,
                invoice_id=invoice.id,
                key=key,
                stripe_line_id=one.line_id,
                amount_cents=one.content.amount_cents,
                description=one.content.description,
                period_start=one.content.period_start,
                period_end=one.content.period_end,
                members=members.get(key, {}),
            )
        )
    db.session.flush()


def learn_ids(invoice: Invoice, lines: Sequence[RemoteLine]) -> None:
    """Keep the line ids that a reading showed."""
    query = select(SyncedLine).where(
        SyncedLine.invoice_id == invoice.id, SyncedLine.stripe_line_id.is_(None)
    )
    keep_ids(db.session.scalars(query), lines)


def keep_ids(agreed: Iterable[SyncedLine], shown: Sequence[RemoteLine]) -> None:
    """Give agreed lines their ids where they are shown: a reply shows ten at the most."""
    ids = {line.old_key: line.id for line in shown if line.key is None}
    ids |= {line.key: line.id for line in shown if line.key is not None}
    for line in agreed:
        if line.stripe_line_id is None:
            line.stripe_line_id = ids.get(line.key)


def keep_members(invoice_id: int, snapshot: Snapshot) -> None:
    """Note what the roll-ups stand for now: that can change without a change of their sum."""
    rollups = {line.key: dict(line.members) for line in snapshot.desired if line.members}
    if rollups:
        for line in synced_lines(invoice_id):
            if line.key in rollups and line.members != rollups[line.key]:
                line.members = rollups[line.key]


def agreed_total(invoice_id: int) -> int:
    """Return what Stripe's total should be: the agreed lines and the foreign ones that stay."""
    ours = select(func.sum(SyncedLine.amount_cents)).where(SyncedLine.invoice_id == invoice_id)
    theirs = select(func.sum(ForeignLine.amount_cents)).where(
        ForeignLine.invoice_id == invoice_id, ForeignLine.decision.is_distinct_from("adopt")
    )
    both = select(ours.scalar_subquery(), theirs.scalar_subquery())
    return sum(int(cents or 0) for cents in db.session.execute(both).one())


def forget_draft(invoice: Invoice) -> None:
    """Forget a draft that no longer exists at Stripe; the next sync makes a new one.

    The invoice must be locked: whoever decides on one of its lines holds it too.
    """
    for table in (SyncedLine, ForeignLine):
        for line in db.session.scalars(select(table).where(table.invoice_id == invoice.id)):
            db.session.delete(line)
    invoice.stripe_invoice_id = None
    invoice.stripe_attempt += 1
    invoice.stripe_status = None
    invoice.stripe_total_cents = None
    invoice.agreed_terms = None
    invoice.automatically_finalizes_at = None
    invoice.synced_revision = 0
    invoice.synced_total_cents = 0
