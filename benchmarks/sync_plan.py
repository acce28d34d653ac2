"""What planning the sync of one invoice costs, with and without reading the ledger for it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from sqlalchemy import text

from benchmarks.fleet.rows import make_fleet
from benchmarks.fleet.size import dice
from benchmarks.registry import Figure, benchmark
from benchmarks.timing import interleaved_ms
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.sync.snapshot import Snapshot, take_snapshot
from dashboard.transaction import transaction

RUNS = 200
SIZES = (10, 30, 250)
AGREE = text("""
    insert into synced_lines (organization_id, invoice_id, key, stripe_line_id, amount_cents,
        description, period_start, period_end, members)
    select organization_id, invoice_id, key, 'il_' || id, amount_cents, description,
        date_trunc('second', period_start), date_trunc('second', period_end), '{}'
    from invoice_items where invoice_id = :invoice
""")
BARE_ROWS = (
    text("select * from invoice_items where invoice_id = :invoice"),
    text("select * from synced_lines where invoice_id = :invoice"),
)


@benchmark(*(f"{name}_{size}" for name in ("plan_us", "ledger_plan_us") for size in SIZES))
def planning(_app: Flask) -> list[Figure]:
    """Measure plans in which a fifth of the lines changed, for each size of invoice."""
    return [figure for size in SIZES for figure in plans_of(size)]


def plans_of(size: int) -> list[Figure]:
    """Measure invoices of `size` lines: the pure plan, and the plan with its reads."""
    invoice = agreed_invoice(size)
    snapshot = take_snapshot(invoice)
    db.session.commit()
    pure, compared = microseconds(lambda: snapshot.plan().hash, lambda: compare_only(snapshot))
    whole, read = microseconds(lambda: plan_from_ledger(invoice), lambda: read_only(invoice.id))
    return [
        Figure(f"plan_us_{size}", pure, "us, median", RUNS, floor=compared),
        Figure(f"ledger_plan_us_{size}", whole, "us, median", RUNS, floor=read),
    ]


def agreed_invoice(size: int) -> Invoice:
    """Return an invoice of so many lines, agreed with Stripe before a fifth of them changed."""
    fleet = make_fleet(1, lines=size, metered=size // 5)
    with transaction():
        invoice = db.session.get_one(Invoice, fleet.invoices[0])
        invoice.stripe_invoice_id = f"in_{invoice.id}"
        db.session.execute(AGREE, {"invoice": invoice.id})
    fleet.move_metered(dice())
    return invoice


def plan_from_ledger(invoice: Invoice) -> str:
    """Read what a plan starts from, in a transaction of its own, and plan."""
    name = take_snapshot(invoice).plan().hash
    db.session.rollback()
    return name


def read_only(invoice_id: int) -> None:
    """Read the same rows and do nothing with them: what the ledger's part costs at the least."""
    for statement in BARE_ROWS:
        db.session.execute(statement, {"invoice": invoice_id}).all()
    db.session.rollback()


def compare_only(snapshot: Snapshot) -> int:
    """Compare every line once with the agreed one: what a plan costs at the least."""
    agreed = {known.content.key: known.content for known in snapshot.synced}
    return sum(agreed[line.key] != line for line in snapshot.desired)


def microseconds(*every: Callable[[], object]) -> list[float]:
    """Return the medians in microseconds."""
    return [one * 1000 for one in interleaved_ms(*every, runs=RUNS)]
