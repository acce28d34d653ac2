"""`python -m benchmarks.soak --minutes 20 --seed 1`: change, break, drain, compare, report."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import chain

from flask import Flask
from sqlalchemy.exc import DBAPIError

from benchmarks.fleet.size import dice
from benchmarks.soak.dashboard import Dashboard
from benchmarks.soak.ending import drain, outcome, verdict
from benchmarks.soak.listener import Listener, listening
from benchmarks.soak.shop import Shop, open_shop
from benchmarks.soak.site import Installation, Site, site
from benchmarks.soak.trouble import Trouble
from dashboard.app import create_app
from dashboard.config import Config
from dashboard.errors import BillingError
from dashboard.extensions import db

CHANGES_A_SECOND = 6
SECONDS_BETWEEN_TROUBLES = 15
SECONDS_BETWEEN_CLICKS = 7
# Organizations of the second installation on the same account.
NEIGHBORS = 10
# What the second listener of each installation wants; the first hears everything.
PAID = ("invoice.finalized", "invoice.paid")


def main() -> int:
    """Run the soak; 1 when anything ended otherwise than it should."""
    arguments = read_arguments()
    seconds = arguments.minutes * 60
    listeners: dict[Flask, list[Listener]] = {}
    with site() as running, ExitStack() as hears:
        rng = dice(arguments.seed)
        ours, neighbor = (application(one) for one in running.installations)
        shops = []
        url = running.simulator.url
        for app, count in ((ours, arguments.organizations), (neighbor, NEIGHBORS)):
            with app.app_context():
                # First, so that no invoice begins untold.
                listeners[app] = [
                    hears.enter_context(listening(rng, kinds)) for kinds in (None, PAID)
                ]
                shops.append((app, open_shop(rng, count, seconds=seconds, stripe_url=url)))
        trouble = Trouble(running, rng)
        dashboard = Dashboard(running.simulator.url, rng)
        done = soak(running, shops, trouble, dashboard, seconds / 2)
        for app, some in listeners.items():
            with app.app_context():
                for one in some:
                    one.roll()
        done += soak(running, shops, trouble, dashboard, seconds / 2)
        wrong = []
        for app, shop in shops:
            with app.app_context():
                wrong += ending(running, shop, listeners[app])
                db.session.remove()
                db.engine.dispose()
        tell("changes", done)
        tell("troubles", trouble.made)
        tell("faults of Stripe", trouble.faults)
        tell("in Stripe's dashboard", dashboard.done)
        for one in chain.from_iterable(listeners.values()):
            tell("answers to outgoing events", one.done)
        for installation in running.installations:
            tell("processes started again", installation.started_again)
    print(
        "\n".join(wrong)
        or "Every invoice equals Stripe's; nothing is billed twice, lost, untold or invented."
    )
    return 1 if wrong else 0


def application(installation: Installation) -> Flask:
    """Return the application of an installation, to change its ledger from here."""
    env = {name.lower(): value for name, value in installation.stack.env.items()}
    return create_app(Config(**{**env, "log_level": "CRITICAL"}))


def ending(running: Site, shop: Shop, listeners: Sequence[Listener]) -> list[str]:
    """Drain one installation, tell how it ended, and return what is not as it should be."""
    drained, clicks = drain(running, shop, listeners)
    wrong = verdict(running, shop, listeners)
    for name, counts in outcome().items():
        tell(name, counts)
    print(f"drained in {drained:.0f} s")
    tell("late retries asked for at once", clicks)
    return wrong


def soak(
    running: Site,
    shops: list[tuple[Flask, Shop]],
    trouble: Trouble,
    dashboard: Dashboard,
    seconds: float,
) -> Counter[str]:
    """Change both ledgers and make trouble until the time is over; return what was done."""
    done: Counter[str] = Counter()
    end = time.monotonic() + seconds
    next_trouble = next_click = time.monotonic() + SECONDS_BETWEEN_TROUBLES
    trouble.begin_faults()
    while time.monotonic() < end:
        # The neighbor is the smaller one: every fifth change is its.
        for app, shop in shops if not done.total() % 5 else shops[:1]:
            with app.app_context():
                done[attempt(shop)] += 1
        running.mend()
        if time.monotonic() > next_trouble:
            print(f"{end - time.monotonic():5.0f} s left: {trouble.make()}", flush=True)
            next_trouble = time.monotonic() + SECONDS_BETWEEN_TROUBLES
        if time.monotonic() > next_click:
            dashboard.click()
            next_click = time.monotonic() + SECONDS_BETWEEN_CLICKS
        time.sleep(1 / CHANGES_A_SECOND)
    trouble.end_faults()
    # What the last trouble left unheard is sent again before anything is compared.
    for app, shop in shops:
        with app.app_context():
            while shop.unheard:
                done[attempt(shop)] += 1
    return done


def attempt(shop: Shop) -> str:
    """Make one change; a refusal by rule and an outage are outcomes too."""
    try:
        return shop.change()
    except BillingError as refusal:
        shop.unheard = []
        return f"refused: {refusal.code}"
    except DBAPIError:
        db.session.remove()
        return "outage"


def tell(what: str, counts: Counter[str]) -> None:
    """Print one line of the summary."""
    parts = ", ".join(f"{number} {name}" for name, number in counts.most_common())
    print(f"{what} ({counts.total()}): {parts or 'none'}", flush=True)


def read_arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--organizations", type=int, default=40)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
