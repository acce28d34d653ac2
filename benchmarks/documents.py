"""An invoice as a PDF, of 30 lines and of 2,000 that are all different: time and memory."""

import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from flask import Flask

from benchmarks.floors.bare_pdf import bare_pdf
from benchmarks.registry import Figure, benchmark
from benchmarks.timing import interleaved_ms
from dashboard.billing.models import BillingCycle, Invoice
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.reading.items import BilledItems
from dashboard.reading.rows import Item
from dashboard.settings.seller import Seller
from dashboard.views.paper import Paper, paper_of
from dashboard.views.paper_pdf import pdf_of

USUAL, LARGE, PRODUCTS = 30, 2_000, 40
RUNS = 5
MB = 1024 * 1024


@benchmark("document_ms", "document_2000_ms", "document_2000_mb")
def documents(_app: Flask) -> list[Figure]:
    """Print both, beside a PDF that has the same texts in a font that every reader has."""
    usual, large = paper(USUAL), paper(LARGE)
    made: tuple[Callable[[], object], ...] = (
        lambda: pdf_of(usual),
        lambda: bare_pdf(texts_of(usual)),
        lambda: pdf_of(large),
        lambda: bare_pdf(texts_of(large)),
    )
    small, small_floor, much, much_floor = interleaved_ms(*made, runs=RUNS, warm_up=1)
    tracemalloc.start()
    pdf_of(large)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return [
        Figure("document_ms", small, "ms, median", RUNS, floor=small_floor),
        Figure("document_2000_ms", much, "ms, median", RUNS, floor=much_floor),
        Figure("document_2000_mb", most / MB, "MB beside the process", 1, bound=64),
    ]


def paper(lines: int) -> Paper:
    """Return the document of a bill of so many lines, in forty products."""
    now = utc_now()
    start = now - timedelta(days=30)
    invoice = Invoice(
        status="draft", sequence=1, currency="usd", period_start=start, period_end=now,
        total_cents=lines * 1999,
        organization=Organization(slug="acme", name="Acme", email="a@b.c"),
        cycle=BillingCycle(starts_at=start, ends_at=now),
    )  # fmt: skip
    items = [item(number, start, now) for number in range(lines)]
    return paper_of(invoice, BilledItems(items), Seller("Us", (), "", ""), now=now)


def item(number: int, start: datetime, end: datetime) -> Item:
    """Return a fee of a price of its own."""
    name = f"Server of kind {number}"
    return Item(
        id=number, kind="recurring", key=f"k{number}", cycle_id=1, price_version_id=number,
        description=f"{name} (robot-{number})", quantity=Decimal(1), amount_cents=1999,
        carried_cents=0, credited_cents=0, period_start=start, period_end=end, price_id=number,
        unit_label="server",
        product=f"Product {number % PRODUCTS}", price_name=name, model="per_unit",
        unit_amount=Decimal(1999), package_size=None,
    )  # fmt: skip


def texts_of(printed: Paper) -> list[str]:
    """Return every text of a document's lines."""
    return [text for line in printed.lines for text in line[:5] if text]
