"""Downloads: tables as CSV, with nothing a spreadsheet would run, and objects as JSON lines."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from flask import Response

from dashboard.audit.listing import AuditLine
from dashboard.billing.models import Invoice
from dashboard.currencies import minor_digits
from dashboard.money import Money
from dashboard.pricing.exact import plain
from dashboard.pricing.price_models import PRICE_MODELS
from dashboard.reading.rows import Item
from dashboard.text import printable
from dashboard.views.formatting import machine

# What begins a formula, also in full width, at the start of a cell or of what becomes one for a
# reader that separates by semicolons or tabs; what does not show may stand before it.
_FORMULA = re.compile(r"((?:^|[;\t\r\n])[\s\"']*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
_NUMBERS = (int, Decimal)

Rows = Iterable[Sequence[object]]

# New ones come last: programs may count them.
INVOICE_HEADING = (
    "item", "kind", "from", "to", "quantity", "amount", "currency", "product", "unit", "pricing",
    "unit_price", "per", "invoice", "invoice_total", "credited",
)  # fmt: skip


def csv_answer(name: str, rows: Rows) -> Response:
    """Return `rows`, the heading first, as a download called `name`, sent as they are read.

    They are read when the request and its session are over: they must not load anything from it.
    """
    return Response(
        csv_lines(rows),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def json_lines_answer(name: str, objects: Iterable[Mapping[str, object]]) -> Response:
    """Return a download called `name` with an object in each line, sent as they are read."""
    return Response(
        (f"{json.dumps(one, ensure_ascii=False)}\n" for one in objects),
        mimetype="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def invoice_rows(invoice: Invoice, items: Iterable[Item]) -> list[Sequence[object]]:
    """Return an invoice's lines; amounts, in currency units, add up to the total beside each.

    `unit_price` is what `per` units cost in a whole cycle; tiers have none. `credited` is what
    credit notes took off a line since, in currency units.
    """
    currency = invoice.currency
    named = (invoice.number or "", Money(invoice.total_cents, currency).major)
    rows = (
        (*_invoice_row(one, currency), *named, Money(one.credited_cents, currency).major)
        for one in items
    )
    return [INVOICE_HEADING, *rows]


def audit_rows(lines: Iterable[AuditLine]) -> Iterator[Sequence[object]]:
    """Yield audit lines, newest first."""
    yield ("at", "actor", "action", "organization", "subject", "reason", "facts", "request")
    for line in lines:
        entry = line.entry
        yield (
            machine(entry.at),
            entry.actor_label,
            entry.action,
            line.slug or "",
            f"{entry.subject_type} {entry.subject_id}",
            entry.reason or "",
            json.dumps(entry.facts, ensure_ascii=False),
            entry.request_id or "",
        )


def audit_object(line: AuditLine) -> dict[str, object]:
    """Return an audit line for a program, with its facts as they were recorded."""
    entry = line.entry
    return {
        "id": entry.id,
        "at": machine(entry.at),
        "actor": {"kind": entry.actor_kind, "id": entry.actor_id, "label": entry.actor_label},
        "action": entry.action,
        "organization": line.slug,
        "subject": {"type": entry.subject_type, "id": entry.subject_id},
        "reason": entry.reason,
        "facts": entry.facts,
        "request": entry.request_id,
    }


def _invoice_row(item: Item, currency: str) -> Sequence[object]:
    is_priced = item.unit_amount is not None and not PRICE_MODELS[item.model or ""].has_tiers
    each = Decimal(item.unit_amount or 0).scaleb(-minor_digits(currency))
    return (
        item.description,
        item.kind,
        machine(item.period_start),
        machine(item.period_end),
        plain(item.quantity),
        Money(item.billed_cents, currency).major,
        currency.upper(),
        item.product or "",
        item.unit_label,
        item.model or "",
        plain(each) if is_priced else "",
        plain(item.package_size or Decimal(1)) if is_priced else "",
    )


def csv_lines(rows: Rows) -> Iterator[str]:
    """Yield the lines of a table, with nothing in them that a spreadsheet would run."""
    for row in rows:
        buffer = io.StringIO()
        csv.writer(buffer).writerow([_harmless(cell) for cell in row])
        yield buffer.getvalue()


def _harmless(cell: object) -> object:
    """Keep spreadsheets from running text that people typed: only text is quoted, never numbers."""
    if isinstance(cell, _NUMBERS):
        return cell
    return _FORMULA.sub(r"\1'", printable(str(cell), paragraphs=True))
