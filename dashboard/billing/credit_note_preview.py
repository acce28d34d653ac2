"""What a credit note does to the bill that follows, worked out by its own rules, nothing locked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from dashboard.audit.actor import STRIPE
from dashboard.billing.cause import Cause
from dashboard.billing.locks import open_after
from dashboard.billing.models import Invoice
from dashboard.billing.reissue_end import open_lines
from dashboard.billing.void import rerate_after
from dashboard.rehearsal import rehearsal


def open_change(invoice: Invoice, lines: Mapping[int, int], *, now: datetime) -> int:
    """Return by how much open invoices grow once a note took off so much of items, by id.

    They do where facts had made them give back part of it already: what a note takes off, facts do
    not take off again (docs/decisions/credit-notes.md). In minor units.
    """
    with rehearsal():
        locked = open_after(invoice)
        before = _cents(locked)
        items = [item for item in invoice.items if item.id in lines]
        for item in items:
            item.credited_cents += lines[item.id]
        rerate_after(items, locked, Cause("credit_note", now, STRIPE, invoice.id))
        return _cents(locked) - before


def _cents(invoices: Collection[Invoice]) -> int:
    return sum(cents for _, cents in open_lines(invoices).values())
