"""What the rehearsal of a month's end said, beside what happened."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from flask import current_app

from benchmarks.soak.shop import SUPPORT
from dashboard.clock import utc_now
from dashboard.close_rehearsal.models import CloseRehearsal
from dashboard.close_rehearsal.rounds import ask_rehearsal
from dashboard.config import Config
from dashboard.extensions import db
from dashboard.reading.rehearsals import rehearsals, rehearsed, seconds_at_rate
from dashboard.transaction import transaction
from jobs.rehearsals import rehearse_now


def rehearse(ends_at: datetime) -> None:
    """Rehearse the closes of that day to the end; the clock's worker may help."""
    with transaction():
        asked = ask_rehearsal(ends_at.astimezone(UTC).date(), actor=SUPPORT, now=utc_now())
        db.session.flush()
        number = asked.id
    while is_under_way(number):
        rehearse_now()
        time.sleep(0.5)


def is_under_way(number: int) -> bool:
    """Whether the rehearsal has bills left."""
    with transaction():
        return db.session.get_one(CloseRehearsal, number).ended_at is None


def told_beside(issued_seconds: float) -> None:
    """Print what was said beside what happened."""
    config: Config = current_app.extensions["config"]
    with transaction():
        [newest, *_] = rehearsals(1)
        found = rehearsed(newest, now=utc_now())
        took = (newest.moved_at - newest.begun_at).total_seconds()
    told = seconds_at_rate(
        found.calls,
        newest.looked,
        account=config.stripe_requests_per_second,
        endpoint=config.stripe_endpoint_requests_per_second,
    )
    print(
        f"rehearsed: {newest.looked} bills of {newest.total} in {took:.0f} s, "
        f"{newest.failed} could not be; {found.calls} calls, {told:.0f} s at the rate"
    )
    print(f"happened: {issued_seconds:.0f} s from the end of the month, with the grace")
    for one in found.sums:
        print(
            f"said {one.currency}: {one.bills} bills, {one.expected_cents / 100:,.2f}; "
            f"issued {one.issued} of them: {one.issued_cents / 100:,.2f}, where "
            f"{one.expected_of_issued_cents / 100:,.2f} was said"
        )
    holds = found.holds
    print(
        f"holds: {holds.foretold} foretold; {holds.held_as_told} are held now, "
        f"{holds.issued_anyway} issued since, {holds.held_untold} held untold"
    )
    print(f"odd: {found.odd_in_all}; bills of other amounts than said: {len(found.off)} shown")
    for bill in found.off[:3]:
        print(
            f"  {bill.slug}: {bill.expected_cents / 100:,.2f} said, "
            f"{(bill.issued_cents or 0) / 100:,.2f} issued"
        )
