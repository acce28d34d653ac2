"""Stripe acted first: its invoice is final while the ledger still held it open.

What that invoice contains was billed; what it does not contain is carried to the next one, each
line with its own period. Nothing is lost and nothing is billed twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import select

from dashboard.audit.actor import STRIPE
from dashboard.audit.write import write_entry as record_audit
from dashboard.billing.carry import carry_over
from dashboard.billing.close import seal_now
from dashboard.billing.difference import DIFFERENTLY, settle_difference
from dashboard.billing.locks import lock_row
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold, record_reading
from dashboard.billing.subscription import is_untold, ours_cents
from dashboard.extensions import db
from dashboard.gateway.records import LineContent, RemoteInvoice, RemoteLine
from dashboard.pricing.exact import major_text
from dashboard.sync.agreed import replace_lines
from dashboard.sync.claim import settle_with_theirs
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.models import SyncStep
from dashboard.sync.plan import Known
from dashboard.sync.revisions import adopt, latest
from dashboard.sync.snapshot import synced_lines
from dashboard.sync.stripe_calls.lines import AddLines, UpdateLines
from dashboard.sync.theirs import keep_theirs


def reconcile(work: DraftWork) -> None:
    """Read the finalized invoice and take its outcome over; raises `GatewayError`."""
    invoice = work.invoice
    if is_untold(invoice):
        settle_with_theirs(work)
        return
    stripe_id = str(invoice.stripe_invoice_id)
    work.checkpoint()
    remote = work.gateway.invoice(stripe_id)
    # A revision asks for what the invoice it replaced asked for, and may not carry our keys.
    lines = work.gateway.lines(stripe_id)
    take_over(invoice, latest(work.gateway, remote), lines, work)


def take_over(
    invoice: Invoice, remote: RemoteInvoice, lines: list[RemoteLine], work: DraftWork
) -> None:
    """Seal the invoice as Stripe billed it and carry the rest forward."""
    now = work.clock()
    lock_row(invoice)
    lines = keep_theirs(invoice, lines)
    if remote.id != invoice.stripe_invoice_id and not adopt(invoice, remote, now=now):
        return
    if invoice.status not in ("draft", "closing", "sealed"):
        record_reading(invoice, remote, now=now)
        settle_difference(invoice, now=now)
        return
    seal_now(invoice, now=now, by=STRIPE)
    billed = billed_by_key(invoice.id, lines)
    carried = carry_over(invoice, billed, now=now)
    agree_on(invoice, lines)
    invoice.synced_revision = invoice.revision
    record_reading(invoice, remote, now=now)
    record_audit(
        "invoice.finalized_at_stripe",
        invoice,
        STRIPE,
        {
            "stripe_id": remote.id,
            "billed_cents": ours_cents(invoice, remote),
            "carried_cents": carried,
        },
        now=now,
    )
    told = ours_cents(invoice, remote)
    if told != invoice.total_cents and remote.status != "void":
        put_on_hold(
            invoice,
            DIFFERENTLY,
            f"Stripe billed {_text(told, invoice)}, and the ledger says "
            f"{_text(invoice.total_cents, invoice)}. Decide whether the difference is corrected.",
            now=now,
        )
    db.session.flush()


def agree_on(invoice: Invoice, lines: list[RemoteLine]) -> None:
    """Take over the lines that were billed, where they are all ours and come to the ledger's total.

    The calls that made them may be forgotten: by a lost reply, or by a ledger that was put back.
    Roll-ups stay as they were agreed, for only that says what they stand for.
    """
    known = [
        Known(
            LineContent(
                line.key, line.amount_cents, line.description, line.period_start, line.period_end
            ),
            line.id,
        )
        for line in lines
        if line.key is not None
    ]
    agreed = synced_lines(invoice.id)
    is_plain = len(known) == len(lines) and not any(line.members for line in agreed)
    ours = {item.key for item in invoice.items}
    is_ours = {one.content.key for one in known} <= ours
    if is_plain and is_ours and sum(one.amount_cents for one in lines) == invoice.total_cents:
        replace_lines(invoice, known, {})


def _text(cents: int, invoice: Invoice) -> str:
    return major_text(Decimal(cents), invoice.currency)


def made_up_of(key: str, cents: int, possible: Sequence[dict[str, int]]) -> dict[str, int]:
    """Return what a line of `cents` bills by item: the first of `possible` that comes to it."""
    for members in possible:
        if members and sum(members.values()) == cents:
            return members
    is_rollup = any(members and key not in members for members in possible)
    return next(one for one in possible if one) if is_rollup else {key: cents}


def sent_members(invoice_id: int) -> dict[str, list[dict[str, int]]]:
    """Return by key what lines were sent to stand for by calls without an outcome, latest first."""
    query = select(SyncStep.body).where(
        SyncStep.invoice_id == invoice_id,
        SyncStep.outcome.is_(None),
        SyncStep.operation.in_((AddLines.operation, UpdateLines.operation)),
    )
    found: dict[str, list[dict[str, int]]] = {}
    for body in db.session.scalars(query.order_by(SyncStep.id.desc())):
        for line in body["lines"]:
            found.setdefault(line["key"], []).append(line.get("members") or {})
    return found


def billed_by_key(invoice_id: int, lines: list[RemoteLine]) -> dict[str, int]:
    """Return what Stripe billed for each of our items, in minor units.

    A line that stands for several bills what was in it when it was last agreed, or what is in it by
    a call whose reply never came, if that is what it comes to. One that is otherwise bills its own
    item alone; a roll-up, which has none, its members as agreed.
    """
    agreed = synced_lines(invoice_id)
    key_of = {line.stripe_line_id: line.key for line in agreed if line.stripe_line_id is not None}
    members = {line.key: line.members for line in agreed if line.members}
    sent = sent_members(invoice_id)
    billed: dict[str, int] = {}
    for line in lines:
        key = line.key or key_of.get(line.id)
        if key is not None:
            possible = [members.get(key, {}), *sent.get(key, ())]
            for item_key, cents in made_up_of(key, line.amount_cents, possible).items():
                billed[item_key] = billed.get(item_key, 0) + cents
    return billed
