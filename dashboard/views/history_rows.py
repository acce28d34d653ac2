"""The history of a bill's lines as a table of plain values."""

from collections.abc import Iterable, Iterator, Sequence

from dashboard.money import Money
from dashboard.pricing.exact import plain
from dashboard.reading.history import Told
from dashboard.views.formatting import machine
from dashboard.views.history_words import cause_words, who

HEADING = (
    "at", "until", "invoice", "line", "product", "cause", "what", "by", "quantity_before",
    "quantity", "unit", "amount_before", "amount", "change", "invoice_total", "currency",
)  # fmt: skip


def history_rows(changes: Iterable[Told], *, is_staff: bool) -> Iterator[Sequence[object]]:
    """Yield the heading and a row for each change; amounts are in currency units."""
    yield HEADING
    for told in changes:
        before, after, moved, total = (
            Money(cents, told.currency).major
            for cents in (told.cents_before, told.cents, told.moved_cents, told.invoice_cents)
        )
        yield (
            machine(told.changed_at),
            machine(told.ended_at),
            told.invoice_number or told.sequence,
            told.description,
            told.product or "",
            told.cause or "",
            cause_words(told),
            who(told, is_staff=is_staff),
            plain(told.quantity_before),
            plain(told.quantity),
            told.unit_label,
            before,
            after,
            moved,
            total,
            told.currency.upper(),
        )
