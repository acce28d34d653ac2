"""The whole product as processes of its own, with servers that can be pulled away under it.

Beside it stands a second installation of the same product on the same account at Stripe: its rows
have the same numbers and names, and whatever it does is none of the first one's business.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from demo.embedded import process
from demo.embedded.postgres import EmbeddedPostgres
from demo.embedded.redis import EmbeddedRedis
from tests.support.database import copy_database
from tests.support.environment import ROOT
from tests.support.services import Worker
from tests.support.simulator import SimulatorControl
from tests.support.stack import Stack, new_stack, start_simulator, start_web
from tests.support.stripe_dashboard import act
from tests.support.template import TEMPLATE, restore_template

# An hour of the product in a few minutes; a call is given up sooner than a fault holds it.
SETTINGS = {
    "SYNC_INTERVAL_SECONDS": "20",
    "CLOSING_GRACE_SECONDS": "15",
    "STRIPE_TIMEOUT_SECONDS": "3",
    "EVENTS_ALLOWED_NETWORKS": "127.0.0.0/8",
}
# Kept running like a service manager would; the simulator and the servers are not ours to lose.
KEPT = ("web", "workers", "scheduler")


@dataclass
class Installation:
    """The product's processes, and how often one that had ended was started again."""

    stack: Stack
    workers: int
    started_again: Counter[str] = field(default_factory=Counter)

    def start(self, name: str) -> None:
        """Start one of the kept processes, without waiting for it."""
        if name == "web":
            start_web(self.stack)
        elif name == "workers":
            self.stack.start(name, "dashboard.worker", "--workers", str(self.workers))
        else:
            self.stack.start(name, "dashboard.scheduler")

    def kill(self, name: str) -> None:
        """Kill a process and all it started; `mend` starts it again."""
        if name in self.stack.processes:
            process.kill(self.stack.processes[name])

    def mend(self) -> None:
        """Start again what has ended, whoever ended it."""
        for name in KEPT:
            running = self.stack.processes.get(name)
            if running is not None and running.poll() is not None:
                process.kill(self.stack.processes.pop(name))
                self.started_again[name] += 1
                self.start(name)


@dataclass
class Site:
    """The servers, Stripe, and the installations that share them."""

    postgres: EmbeddedPostgres
    redis: EmbeddedRedis
    simulator: SimulatorControl
    installations: tuple[Installation, ...]

    @property
    def ours(self) -> Installation:
        """The one that trouble is made for."""
        return self.installations[0]

    def mend(self) -> None:
        """Start again what has ended of any."""
        for one in self.installations:
            one.mend()

    def restart_postgres(self, how: signal.Signals) -> None:
        """Stop PostgreSQL, SIGINT for fast and SIGQUIT for immediate, and start it again."""
        self.postgres.stop(fast=how)
        self.postgres.start()

    def restart_redis(self, *, empty: bool) -> None:
        """Kill Redis and start it again, with what it had saved or with nothing at all."""
        if self.redis.process is not None:
            process.kill(self.redis.process)
        if empty:
            shutil.rmtree(self.redis.data)
        self.redis.start()


@contextmanager
def site(*, neighbors: int = 1, **settings: str) -> Iterator[Site]:
    """Lend the installations, all of it running; stop it, remove its data and keep the logs."""
    directory = ROOT / "build" / "soak" / str(os.getpid())
    logs = directory / "logs"
    postgres = EmbeddedPostgres(directory / "postgres", log=logs / "postgres.log")
    redis = EmbeddedRedis(directory / "redis", log=logs / "redis.log")
    restore_template(postgres.data)
    postgres.start()
    redis.start()
    ours = Installation(_stack(postgres, redis, 0, logs, settings), workers=2)
    others = [
        Installation(_stack(postgres, redis, one, logs / "neighbor", settings), workers=1)
        for one in range(1, neighbors + 1)
    ]
    lent = Site(postgres, redis, SimulatorControl(ours.stack.simulator_url), (ours, *others))
    try:
        start_simulator(ours.stack)
        for neighbor in others:
            _share_account(ours.stack, neighbor.stack)
        for one in lent.installations:
            for name in KEPT:
                one.start(name)
        yield lent
    finally:
        lent.simulator.close()
        for one in reversed(lent.installations):
            one.stack.stop()
        redis.stop()
        postgres.stop(fast=signal.SIGQUIT)
        for data in (postgres.data, redis.data, logs / "stripe"):
            shutil.rmtree(data, ignore_errors=True)


def _stack(
    postgres: EmbeddedPostgres,
    redis: EmbeddedRedis,
    number: int,
    logs: Path,
    settings: dict[str, str],
) -> Stack:
    logs.mkdir(parents=True, exist_ok=True)
    database = f"soak_{number}"
    copy_database(postgres.url("{database}"), TEMPLATE, database)
    with psycopg.connect(postgres.url(database)) as connection:
        # The template has an identity, and a copy of it would be the same installation.
        connection.execute("delete from installations")
    redis_url = redis.url().replace("db=0", f"db={number}")
    stack = new_stack(Worker(postgres.url(database), redis_url), logs)
    stack.env |= SETTINGS | settings
    return stack


def _share_account(ours: Stack, neighbor: Stack) -> None:
    """Give the neighbor our Stripe, and an endpoint of its own there; every event goes to both."""
    neighbor.simulator_url = neighbor.env["STRIPE_API_BASE"] = ours.simulator_url
    endpoint = act(
        ours.simulator_url,
        "webhook_endpoints",
        **{"url": f"{neighbor.url}/webhooks/stripe", "enabled_events[0]": "*"},
    )
    neighbor.env["STRIPE_WEBHOOK_SECRET"] = endpoint["secret"]
