"""How many calls a day of hourly syncs takes, beside what one call per change would take.

The real engine, the real gateway, the simulator's own count of calls. Every organization has thirty
lines of which six change every hour: the metered ones, or, for comparison, any six.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from flask import Flask

from benchmarks.fleet.processes import Plant, plant
from benchmarks.fleet.rows import Fleet, make_fleet
from benchmarks.fleet.size import dice, organizations
from benchmarks.registry import Figure, benchmark
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.stripe import StripeGateway
from dashboard.sync.request import Request, request_sync
from dashboard.sync.run import execute
from dashboard.transaction import checkpoint, transaction
from tests.support.syncing import gateway_to

# The ratio does not depend on the number; a thousand take half an hour.
USUALLY = 40
LINES, CHANGING = 30, 6
HOURS = 24
# The model of the old way: every usage event of an hour is pushed by itself.
EVENTS_AN_HOUR = 30
OPENING_CALLS = 3  # the customer, the draft, its lines


@benchmark(
    "sync_calls",
    "sync_calls_any_line",
    "sync_calls_per_item",
    "sync_calls_per_increment",
    "sync_opening_calls",
)
def sync_calls(app: Flask) -> list[Figure]:
    """Count the calls of a day, for metered lines and for any lines."""
    size = organizations(USUALLY)
    rng = dice()
    with plant(app) as running:
        opening, metered = day(running, size, lambda fleet: fleet.move_metered(rng))
        _, anywhere = day(running, size, lambda fleet: fleet.move_any(rng, CHANGING))
    fewest = size * HOURS
    return [
        Figure("sync_calls", metered, "calls", fewest, bound=fewest),
        Figure("sync_calls_any_line", anywhere, "calls", fewest, floor=fewest),
        Figure("sync_calls_per_item", fewest * CHANGING, "calls, by count", fewest, floor=fewest),
        Figure(
            "sync_calls_per_increment",
            fewest * EVENTS_AN_HOUR,
            "calls, by count",
            fewest,
            floor=fewest,
        ),
        Figure("sync_opening_calls", opening / size, "calls each", size, bound=OPENING_CALLS),
    ]


def day(running: Plant, size: int, change: Callable[[Fleet], None]) -> tuple[int, int]:
    """Return the calls that open a new fleet at Stripe, and those of 24 hourly syncs of it."""
    fleet = make_fleet(size, lines=LINES, metered=CHANGING)
    gateway = gateway_to(running.stack.simulator_url)
    opening = calls_of_a_round(running, fleet.invoices, gateway)
    hourly = 0
    for _ in range(HOURS):
        change(fleet)
        hourly += calls_of_a_round(running, fleet.invoices, gateway)
    return opening, hourly


def calls_of_a_round(running: Plant, invoices: Sequence[int], gateway: StripeGateway) -> int:
    """Sync each invoice once and return the calls that reached Stripe."""
    running.simulator.delete("requests")
    for invoice in invoices:
        sync(invoice, gateway)
    return len(running.calls())


def sync(invoice_id: int, gateway: StripeGateway) -> None:
    """Carry out one periodic sync, as a worker does."""
    with transaction():
        invoice = db.session.get_one(Invoice, invoice_id)
        requested = request_sync(invoice, Request("scheduled"), now=utc_now())
    with transaction():
        run = execute(
            requested.id,
            gateway=gateway,
            checkpoint=checkpoint,
            clock=utc_now,
            pause=time.sleep,
            owner="benchmark",
        )
    assert run is not None
    assert run.state == "succeeded", run.error
    db.session.remove()
