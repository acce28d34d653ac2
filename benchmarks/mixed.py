"""Everything at once: usage at half of what it can, open pages, a close and its webhooks.

Nothing may starve, and at the end Stripe bills what the ledger says, and the ledger what was
acknowledged. All load comes over HTTP; the close comes by the clock.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from flask import Flask
from sqlalchemy import text

from benchmarks.fleet.agreement import disagreements
from benchmarks.fleet.load import Pages, Reporters
from benchmarks.fleet.processes import Plant, plant, wait_until
from benchmarks.fleet.rows import dirty_invoices
from benchmarks.fleet.size import organizations
from benchmarks.fleet.wire import signed_in_cookie
from benchmarks.registry import Figure, benchmark
from benchmarks.shop import EMAIL, PASSWORD
from benchmarks.sync_rate import limit
from dashboard.accounts.passwords import hash_password
from dashboard.accounts.tokens import create_token
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.factories import (
    SUPPORT,
    MeteredPriceFactory,
    UserFactory,
    make_organization,
    make_service,
)
from tests.support.syncing import gateway_to

USUALLY = 1000
MINUTES, USUAL_MINUTES = "BENCH_MINUTES", 10.0
PAGES = 200
CENTS_A_UNIT = 3
# The most that usage can is measured for so long before.
MAXIMUM_SECONDS = 10.0
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
PARTS = ("mixed_usage_ms", "mixed_poll_ms", "mixed_close_s", "mixed_webhook_s")
NAMES = [f"{part}_{share}" for part in PARTS for share in SHARES]
CLOSED_AFTER = """
    select extract(epoch from finalized_at - period_end) from invoices
    where finalized_at is not null
"""
APPLIED_AFTER = """
    select extract(epoch from handled_at - received_at) from webhook_events
    where handled_at is not null
"""
DUE_NOW = """
    update invoices set next_sync_at = now()
    where status = 'draft' and revision > synced_revision and next_sync_at > now()
"""
BILLED = "select coalesce(sum(amount_cents - carried_cents), 0) from invoice_items"


@dataclass(frozen=True)
class Site:
    """The organizations of the run, what they meter, when their cycle ends, and a way in."""

    slugs: list[str]
    meter: str
    ends_at: datetime
    secret: str


@benchmark(*NAMES, "mixed_usage_share", "mixed_differing", "mixed_failed")
def mixed(app: Flask) -> list[Figure]:
    """Run all of it at once for some minutes, wait until it is quiet, and compare."""
    size, minutes = organizations(USUALLY), float(os.environ.get(MINUTES, USUAL_MINUTES))
    with plant(app, CLOSING_GRACE_SECONDS="5") as running:
        site = make_site(size)
        limit(running)
        running.start_scheduler()
        reporters = Reporters(running.stack.url, site.secret, site.slugs, site.meter)
        most = reporters.run(MAXIMUM_SECONDS)
        cookie = signed_in_cookie(running.stack.url)
        pages = Pages(running.stack.url, cookie, [site.slugs[n % size] for n in range(PAGES)])
        begin(site, minutes)
        with pages.open():
            reached = reporters.run(60 * minutes, per_second=most / 2)
        print(f"Usage: {most:.0f} records/s at the most, {reached:.0f} reached of {most / 2:.0f}.")
        settle(running, size)
        wrong = found_wrong(running, reporters)
    figures = [
        *spread("mixed_usage_ms", [1000 * one for one in reporters.seconds]),
        *spread("mixed_poll_ms", [1000 * one for one in pages.seconds]),
        *spread("mixed_close_s", numbers(CLOSED_AFTER)),
        *spread("mixed_webhook_s", numbers(APPLIED_AFTER)),
    ]
    share = reached / (most / 2)
    print("\n".join(wrong))
    return [
        *figures,
        Figure("mixed_usage_share", share, "of half the most", reporters.records, at_least=0.95),
        Figure("mixed_differing", len(wrong), "differences", size, bound=0),
        Figure("mixed_failed", pages.failed, "polls", len(pages.seconds), bound=0),
    ]


def make_site(size: int) -> Site:
    """Return so many organizations whose cycle ends a while from now, with a metered service."""
    ends_at = (utc_now() + timedelta(seconds=60 + size / 5)).replace(microsecond=0)
    anchor, now = ends_at.replace(year=ends_at.year - 1), utc_now()
    with transaction():
        UserFactory(email=EMAIL, role="support", password_hash=hash_password(PASSWORD))
        _, secret = create_token("bench", ["usage:write"], actor=SUPPORT, now=now)
        price = MeteredPriceFactory(meter="calls", version__unit_amount=Decimal(CENTS_A_UNIT))
    slugs = [f"org-{number}" for number in range(size)]
    for slug in slugs:
        with transaction():
            make_service(make_organization(slug, anchor=anchor, now=now), price, now=now)
    return Site(slugs, "calls", ends_at, secret)


def begin(site: Site, minutes: float) -> None:
    """Wait until the cycles end within the first quarter of the run."""
    begins = site.ends_at - timedelta(minutes=minutes / 4)
    time.sleep(max(0.0, (begins - utc_now()).total_seconds()))


def settle(running: Plant, size: int) -> None:
    """Wait until every cycle that ended is closed, every draft told, and every webhook applied."""
    wait_until(lambda: len(numbers(CLOSED_AFTER)) >= size, seconds=300 + size, every=2)
    wait_until(is_all_told, seconds=300 + size, every=2)
    wait_until(lambda: running.webhooks_waiting() == 0, seconds=300, every=2)


def is_all_told() -> bool:
    """Return whether Stripe was told everything; what the last usage moved is due at once."""
    with transaction():
        db.session.execute(text(DUE_NOW))
    return dirty_invoices() == 0


def found_wrong(running: Plant, reporters: Reporters) -> list[str]:
    """Return a sentence for each bill that Stripe has otherwise, and for usage not billed once."""
    # Only looked at from here on: without this, for as long as the run itself took.
    running.simulator.post("latency", milliseconds=0)
    running.simulator.post("limits")
    wrong = disagreements(gateway_to(running.stack.simulator_url))
    billed = int(numbers(BILLED)[0])
    if billed != reporters.units * CENTS_A_UNIT:
        wrong.append(f"{reporters.units} units were acknowledged, and {billed} cents are billed.")
    return wrong


def numbers(query: str) -> list[float]:
    """Return the numbers that a query finds."""
    with transaction():
        return [float(one) for one in db.session.scalars(text(query))]


def spread(name: str, values: Sequence[float]) -> list[Figure]:
    """Return the middle and the late ones of what was measured."""
    unit, ordered = name.rpartition("_")[2], sorted(values)
    return [
        Figure(f"{name}_{called}", ordered[int((len(ordered) - 1) * share)], unit, len(ordered))
        for called, share in SHARES.items()
    ]
