"""`python -m benchmarks.soak.month --organizations 2000`: a month's end, rehearsed, then closed."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from benchmarks.fleet.size import dice
from benchmarks.soak.__main__ import application, tell
from benchmarks.soak.ending import drain, outcome, verdict
from benchmarks.soak.forecast import rehearse, told_beside
from benchmarks.soak.listener import Listener, listening
from benchmarks.soak.month_shop import (
    ADDED,
    Month,
    add_lines_by_hand,
    finalize_strangers,
    not_issued,
    open_month,
    open_strangers,
    pay_by_card,
    remove_added_lines,
    strangers_touched,
)
from benchmarks.soak.site import Site, site
from benchmarks.soak.trouble import Trouble
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.sync.models import AddedLine
from dashboard.transaction import transaction
from dashboard.usage.reported import ReportedRecord

SETTINGS = {
    "SYNC_INTERVAL_SECONDS": "60",
    "CLOSING_GRACE_SECONDS": "20",
    # A live account allows as many; a test's own 25 would be most of the time.
    "STRIPE_REQUESTS_PER_SECOND": "100",
    "STRIPE_ENDPOINT_REQUESTS_PER_SECOND": "50",
}
FAULTED, DROPPED = 0.05, 0.1
# So long a fleet needs to be made, synced and rehearsed on two busy cores.
LEAD_SECONDS, LEAD_SECONDS_EACH = 130, 0.28
SECONDS_BETWEEN_KILLS = 15
CARDS = 0.3
MOST_CLOSE_SECONDS = 600


def main() -> int:
    """Run it; 1 when anything ended otherwise than it should."""
    arguments = read_arguments()
    rng = dice(arguments.seed)
    with site(neighbors=0, **SETTINGS) as running:
        app = application(running.ours)
        trouble = Trouble(running, rng)
        with app.app_context(), listening(rng, share=FAULTED) as listener:
            begun = time.monotonic()
            lead = LEAD_SECONDS + LEAD_SECONDS_EACH * arguments.organizations
            month = open_month(
                rng,
                arguments.organizations,
                ends_at=(utc_now() + timedelta(seconds=lead)).replace(microsecond=0),
            )
            say(begun, f"{arguments.organizations} organizations, ending in {left(month):.0f} s")
            strangers = open_strangers(running.simulator.url)
            trouble.begin_faults(share=FAULTED, drop=DROPPED)
            before(running, month, listener, begun)
            issued_seconds = during(running, month, trouble, listener, begun)
            finalize_strangers(running.simulator.url, strangers)
            wrong = after(running, month, trouble, listener, begun)
            wrong += strangers_touched(running.simulator.url, strangers)
            told_beside(issued_seconds)
            tell("troubles", trouble.made)
            tell("faults of Stripe", trouble.faults)
            tell("answers to outgoing events", listener.done)
            tell("processes started again", running.ours.started_again)
            db.session.remove()
            db.engine.dispose()
    print("\n".join(wrong) or "All closed: invoices equal Stripe's, every event arrived once told.")
    return 1 if wrong else 0


def before(running: Site, month: Month, listener: Listener, begun: float) -> None:
    """Report usage, have every draft at Stripe, and rehearse the close."""
    for batch in month.everyone(utc_now()):
        report(month, batch)
    say(begun, f"{month.reported.total() / 100:,.0f} units of usage reported")
    while (missing := unopened()) and left(month) > 40:
        running.mend()
        report(month, month.hour(200, until=utc_now()))
        time.sleep(3)
    say(begun, f"{missing} drafts are not at Stripe yet; {left(month):.0f} s to the end")
    cards = pay_by_card(running.simulator.url, month.rng, CARDS)
    add_lines_by_hand(running.simulator.url, month.rng)
    say(begun, f"{cards} pay by card; {len(listener.kept)} events arrived")
    # So that a sync has seen what was added by hand.
    while left(month) > 30 and added_known() < ADDED:
        running.mend()
        time.sleep(3)
    rehearse(month.ends_at)
    say(begun, f"rehearsed; {left(month):.0f} s to the end")


def during(
    running: Site, month: Month, trouble: Trouble, listener: Listener, begun: float
) -> float:
    """Let the month end, with usage that comes late, and kill something every few seconds.

    Return how many seconds it took until all was issued or on hold.
    """
    while left(month) > 0:
        running.mend()
        time.sleep(1)
    listener.roll()
    since, next_kill = time.monotonic(), time.monotonic()
    while time.monotonic() - since < MOST_CLOSE_SECONDS:
        # Late usage is of the cycle that ended for as long as its grace lasts.
        report(month, month.hour(60, until=min(utc_now(), month.ends_at + timedelta(seconds=60))))
        running.mend()
        if time.monotonic() > next_kill:
            counted = not_issued(month.ends_at)
            say(begun, f"{counted} to issue; {trouble.kill()}")
            next_kill = time.monotonic() + SECONDS_BETWEEN_KILLS
            if counted == 0:
                break
        time.sleep(1)
    took = time.monotonic() - since
    say(begun, f"issued in {took:.0f} s from the end of the month")
    return took


def after(
    running: Site, month: Month, trouble: Trouble, listener: Listener, begun: float
) -> list[str]:
    """Put right what is held, let everything come to rest, and compare."""
    trouble.end_faults()
    say(begun, f"{remove_added_lines()} lines added by hand are removed")
    while month.unheard:
        report(month, month.unheard)
    # What Stripe does of its own accord within two minutes: it charges cards.
    running.simulator.advance(120)
    drained, clicks = drain(running, month, [listener])
    say(begun, f"drained in {drained:.0f} s")
    tell("late retries asked for at once", clicks)
    for name, counts in outcome().items():
        tell(name, counts)
    wrong = verdict(running, month, [listener])
    say(begun, "compared")
    return wrong


def report(month: Month, batch: list[ReportedRecord]) -> None:
    """Report a batch; while the database is away it is unheard, and goes first the next time."""
    with suppress(DBAPIError):
        if month.unheard:
            month.report(month.unheard)
        month.report(batch)
        return
    db.session.remove()


def unopened() -> int:
    """Return how many drafts Stripe has not."""
    query = select(func.count()).where(
        Invoice.status == "draft", Invoice.stripe_invoice_id.is_(None)
    )
    with transaction():
        return db.session.scalars(query).one()


def added_known() -> int:
    """Return how many lines added by hand are known here."""
    with transaction():
        return db.session.scalars(select(func.count()).select_from(AddedLine)).one()


def left(month: Month) -> float:
    """Return the seconds until the month ends."""
    return (month.ends_at - utc_now()).total_seconds()


def say(begun: float, what: str) -> None:
    """Print what is so, and when."""
    print(f"{time.monotonic() - begun:5.0f} s: {what}", flush=True)


def read_arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--organizations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
