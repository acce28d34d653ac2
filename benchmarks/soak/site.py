"""The whole product as processes of its own, with servers that can be pulled away under it."""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dashboard.sandbox.embedded import process
from dashboard.sandbox.embedded.postgres import EmbeddedPostgres
from dashboard.sandbox.embedded.redis import EmbeddedRedis
from tests.support.database import copy_database
from tests.support.environment import ROOT
from tests.support.sandbox import SandboxControl
from tests.support.services import Worker
from tests.support.stack import Stack, new_stack, start_sandbox, start_web
from tests.support.template import TEMPLATE, restore_template

DATABASE = "soak"
# An hour of the product in a few minutes; a call is given up sooner than a fault holds it.
SETTINGS = {
    "SYNC_INTERVAL_SECONDS": "20",
    "CLOSING_GRACE_SECONDS": "15",
    "STRIPE_TIMEOUT_SECONDS": "3",
}
# Kept running like a service manager would; the sandbox and the servers are not ours to lose.
KEPT = ("web", "workers", "scheduler")


@dataclass
class Site:
    """The servers, the processes, and how often a process that had ended was started again."""

    postgres: EmbeddedPostgres
    redis: EmbeddedRedis
    stack: Stack
    sandbox: SandboxControl
    started_again: Counter[str] = field(default_factory=Counter)

    def start(self, name: str) -> None:
        """Start one of the kept processes, without waiting for it."""
        if name == "web":
            start_web(self.stack)
        elif name == "workers":
            self.stack.start(name, "jobs.worker", "--workers", "2")
        else:
            self.stack.start(name, "jobs.scheduler")

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
def site() -> Iterator[Site]:
    """Lend the product, all of it running; stop it and remove its data, keeping the logs."""
    directory = ROOT / "build" / "soak" / str(os.getpid())
    logs = directory / "logs"
    postgres = EmbeddedPostgres(directory / "postgres", log=logs / "postgres.log")
    redis = EmbeddedRedis(directory / "redis", log=logs / "redis.log")
    restore_template(postgres.data)
    postgres.start()
    redis.start()
    copy_database(postgres.url("{database}"), TEMPLATE, DATABASE)
    stack = new_stack(Worker(postgres.url(DATABASE), redis.url()), logs)
    stack.env |= SETTINGS
    lent = Site(postgres, redis, stack, SandboxControl(stack.sandbox_url))
    try:
        start_sandbox(stack)
        for name in KEPT:
            lent.start(name)
        yield lent
    finally:
        lent.sandbox.close()
        stack.stop()
        redis.stop()
        postgres.stop(fast=signal.SIGQUIT)
        for data in (postgres.data, redis.data, logs / "stripe"):
            shutil.rmtree(data, ignore_errors=True)
