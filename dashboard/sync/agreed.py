"""The lines that were agreed with Stripe: what a bulk step, a reading or a roll-up makes of them.

They are an invoice's, and only whoever holds its row writes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, delete, func, or_, select

from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.subscription import ours_cents
from dashboard.extensions import db
from dashboard.gateway.records import RemoteInvoice, RemoteLine
from dashboard.statement import Statement, parameter
from dashboard.sync.models import AddedLine, SyncedLine
from dashboard.sync.plan import Known
from dashboard.sync.snapshot import Snapshot, synced_lines


def agree_on_lines(invoice: Invoice, lines: Sequence[Mapping[str, Any]]) -> None:
    """Keep these lines, as a step keeps them, as Stripe just confirmed them."""
    values = {"organization": invoice.organization_id, "invoice": invoice.id}
    told = json.dumps([{"members": {}, **line} for line in lines])
    _AGREE.rows(**values, lines=told)


def forget_lines(invoice: Invoice, lines: Iterable[tuple[str, str]]) -> None:
    """Drop lines, by key and id at Stripe, as Stripe just confirmed that they are gone."""
    by_key = {line.key: line for line in synced_lines(invoice.id)}
    for key, line_id in lines:
        forget_line(invoice.id, line_id, by_key.get(key))
    db.session.flush()


def forget_line(invoice_id: int, line_id: str, line: SyncedLine | None) -> None:
    """Drop the agreed line or line added at Stripe that had this id at Stripe."""
    # A surplus copy shares its key with the line that stays: only the id tells them apart.
    if line is not None and line.stripe_line_id in (line_id, None):
        db.session.delete(line)
    db.session.execute(
        delete(AddedLine).where(
            AddedLine.invoice_id == invoice_id, AddedLine.stripe_line_id == line_id
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
    """Give agreed lines their ids where they are shown: a reply shows ten at the most."""
    ids = {line.old_key: line.id for line in lines if line.key is None}
    ids |= {line.key: line.id for line in lines if line.key is not None}
    told = json.dumps([{"key": key, "line_id": one} for key, one in ids.items()])
    _LEARN.rows(invoice=invoice.id, lines=told)


# Past the session: it holds no line of these that is not written yet.
_AGREE = Statement("""
    INSERT INTO synced_lines (
        organization_id, invoice_id, key, stripe_line_id, amount_cents, description,
        period_start, period_end, members
    )
    SELECT {organization}::bigint, {invoice}::bigint, key, line_id, amount_cents, description,
        period_start, period_end, members
    FROM jsonb_to_recordset({lines}::jsonb) AS told(
        key text, line_id text, amount_cents bigint, description text,
        period_start timestamptz, period_end timestamptz, members jsonb
    )
    ON CONFLICT (invoice_id, key) DO UPDATE SET
        stripe_line_id = excluded.stripe_line_id, amount_cents = excluded.amount_cents,
        description = excluded.description, period_start = excluded.period_start,
        period_end = excluded.period_end, members = excluded.members
""")
_LEARN = Statement("""
    UPDATE synced_lines SET stripe_line_id = told.line_id
    FROM jsonb_to_recordset({lines}::jsonb) AS told(key text, line_id text)
    WHERE invoice_id = {invoice}::bigint AND stripe_line_id IS NULL AND synced_lines.key = told.key
""")


def keep_members(invoice_id: int, snapshot: Snapshot) -> None:
    """Note what the roll-ups stand for now: that can change without a change of their sum."""
    rollups = {line.key: dict(line.members) for line in snapshot.desired if line.members}
    if rollups:
        for line in synced_lines(invoice_id):
            if line.key in rollups and line.members != rollups[line.key]:
                line.members = rollups[line.key]


def agreed_total(invoice_id: int) -> int:
    """Return what Stripe's total should be: the agreed lines and those added there that stay."""
    return agreement(invoice_id).agreed_cents


class Agreement(NamedTuple):
    """What a reply and the money gate are held against: whether an item makes a line, how many
    lines were added at Stripe, of how many of ours the id is not known, and what Stripe's total
    should be.
    """

    bills_anything: bool
    added: int
    unlearned: int
    agreed_cents: int


def agreement(invoice_id: int) -> Agreement:
    """Return the agreement of an invoice, from its rows in the database; one statement."""
    bills, added, theirs, unlearned, ours = tuple(_AGREEMENT.rows(invoice=invoice_id)[0])
    return Agreement(bills, added, unlearned, int(ours or 0) + int(theirs or 0))


def agrees(invoice: Invoice, draft: RemoteInvoice) -> bool:
    """Whether a reply's total is that of the agreed lines; the ids that it shows are kept."""
    found = agreement(invoice.id)
    if found.unlearned:
        learn_ids(invoice, draft.lines)
    return ours_cents(invoice, draft) == found.agreed_cents


_invoice = parameter("invoice", BigInteger)
_ours, _theirs = SyncedLine.__table__.c, AddedLine.__table__.c
_added = (
    select(
        func.count().label("lines"),
        func.sum(_theirs.amount_cents)
        .filter(_theirs.decision.is_distinct_from("adopt"))
        .label("cents"),
    )
    .where(_theirs.invoice_id == _invoice)
    .subquery("theirs")
)
_AGREEMENT = Statement(
    select(
        select(InvoiceItem.id)
        .where(
            InvoiceItem.invoice_id == _invoice,
            or_(InvoiceItem.amount_cents != 0, InvoiceItem.quantity != 0),
        )
        .exists(),
        func.min(_added.c.lines),
        func.min(_added.c.cents),
        func.count(_ours.id).filter(_ours.stripe_line_id.is_(None)),
        func.sum(_ours.amount_cents),
    ).select_from(_added.outerjoin(SyncedLine, _ours.invoice_id == _invoice))
)
