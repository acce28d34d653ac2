"""The history of an organization's lines, held against its bills."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy import select

from dashboard.billing.cause import beginning_of_hour
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.extensions import db
from dashboard.reading.history import Told, every_change
from dashboard.reading.history_query import HistoryFilter


def history_of(organization_id: int) -> list[Told]:
    """Return all changes of an organization's lines, oldest first, as they are committed."""
    return list(every_change(HistoryFilter(organization_id)))[::-1]


def check_history(organization_id: int) -> None:
    """Fail where the history does not lead, step by step, to what the bills say."""
    changes = history_of(organization_id)
    _check_lines(organization_id, changes)
    _check_totals(organization_id, changes)


def _check_lines(organization_id: int, changes: Sequence[Told]) -> None:
    by_line = defaultdict(list)
    for told in changes:
        by_line[told.item_id].append(told)
    query = select(InvoiceItem).where(InvoiceItem.organization_id == organization_id)
    items = {item.id: item for item in db.session.scalars(query)}
    assert by_line.keys() >= items.keys()
    for line, steps in by_line.items():
        assert [told.number for told in steps] == list(range(1, len(steps) + 1))
        states = [(told.quantity, told.cents) for told in steps]
        assert [(told.quantity_before, told.cents_before) for told in steps] == [
            (0, 0), *states[:-1]
        ]  # fmt: skip
        item = items.get(line)
        assert states[-1] == ((item.quantity, item.billed_cents) if item else (0, 0))
        assert {told.is_there for told in steps} == {item is not None}
        for earlier, later in pairwise(steps):
            hours = {beginning_of_hour(told.changed_at) for told in (earlier, later)}
            assert {earlier.cause, later.cause} != {"usage"} or len(hours) == 2


def _check_totals(organization_id: int, changes: Sequence[Told]) -> None:
    totals: dict[int, int] = defaultdict(int)
    for told in changes:
        totals[told.invoice_id] += told.moved_cents
        assert told.invoice_cents == totals[told.invoice_id]
    invoices = select(Invoice).where(Invoice.organization_id == organization_id)
    for invoice in db.session.scalars(invoices):
        assert totals[invoice.id] == invoice.total_cents
