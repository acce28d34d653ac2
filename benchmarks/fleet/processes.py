"""The real processes around a benchmark's database: a Stripe simulator, workers, a scheduler."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
from flask import Flask
from sqlalchemy import text

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from demo.up.probes import answers, has_workers
from jobs.syncs import enqueue_runs
from tests.support.environment import ROOT
from tests.support.services import Worker
from tests.support.simulator import SimulatorControl
from tests.support.stack import Stack, free_port, new_stack

WORKERS = 2
WEB_PROCESSES = 2
WEBHOOKS = "BENCH_WEBHOOKS"
UNFINISHED = """
    select count(*) from webhook_events where state in ('received', 'processing', 'failed')
"""
# As good as none, for the part of a benchmark that is not measured.
NO_LIMITS = {"account": 100_000, "endpoint": 100_000, "in_flight": 1_000}


@dataclass(frozen=True)
class Plant:
    """Running processes and the way to their simulator."""

    stack: Stack
    simulator: SimulatorControl

    def start_workers(self, *, account: int, endpoint: int, in_flight: int) -> None:
        """Start the pool; its calls keep to so many a second in all, per endpoint, and at once."""
        self.stack.env |= {
            "STRIPE_REQUESTS_PER_SECOND": str(account),
            "STRIPE_ENDPOINT_REQUESTS_PER_SECOND": str(endpoint),
            "STRIPE_REQUESTS_IN_FLIGHT": str(in_flight),
        }
        ready = has_workers(self.stack.env["REDIS_URL"])
        self.stack.start("workers", "dashboard.worker", "--workers", str(WORKERS), ready=ready)

    def stop_workers(self) -> None:
        """Stop the pool once its jobs are done."""
        self.stack.stop(keep=set(self.stack.processes) - {"workers"})

    def web(self) -> str:
        """Return the address of the web, started now if webhooks do not need it."""
        if "web" not in self.stack.processes:
            start_web(self.stack)
        return self.stack.url

    def start_floor(self, module: str) -> str:
        """Start a floor as the web is started; return its address."""
        url = f"http://127.0.0.1:{free_port()}"
        _start_web(self.stack, "floor", module, url)
        return url

    def start_scheduler(self) -> None:
        """Start the clock's process."""
        self.stack.start("scheduler", "dashboard.scheduler")

    def stop_scheduler(self) -> None:
        """Stop the clock's process."""
        self.stack.stop(keep=set(self.stack.processes) - {"scheduler"})

    def memory_mb(self) -> float:
        """Return the pool's memory per worker; pages that its processes share count once."""
        pool = psutil.Process(self.stack.processes["workers"].pid)
        workers = pool.children(recursive=True)
        used = 0
        for process in (pool, *workers):
            try:
                used += process.memory_full_info().pss
            except psutil.NoSuchProcess:
                continue
        return used / max(len(workers), 1) / 1e6

    def clock_mb(self) -> float:
        """Return the memory of the clock's process, in MB."""
        used: int = psutil.Process(self.stack.processes["scheduler"].pid).memory_full_info().pss
        return used / 1e6

    def webhooks_waiting(self) -> int:
        """Return how many webhooks are not delivered or not processed yet."""
        with transaction():
            stored = db.session.execute(text(UNFINISHED)).scalar_one()
        return int(self.simulator.post("webhooks")["pending"]) + int(stored)

    def calls(self) -> list[dict[str, Any]]:
        """Return the simulator's log of calls since it was last emptied."""
        return self.simulator.calls()


@contextmanager
def plant(app: Flask, **settings: str) -> Iterator[Plant]:
    """Lend a simulator, in memory, and the web that its webhooks go to, on `app`'s stores.

    `settings` are for every process of the product.
    """
    config = app.extensions["config"]
    directory = ROOT / "build" / "bench" / str(os.getpid())
    stack = new_stack(Worker(config.database_url, config.redis_url), directory)
    # As `make run` has it: no pooler stands between.
    stack.env |= {"DATABASE_PREPARED_STATEMENTS": "true", **settings}
    control = SimulatorControl(stack.simulator_url)
    try:
        port = stack.simulator_url.rsplit(":", 1)[1]
        health = answers(f"{stack.simulator_url}/_simulator/health")
        hears = ["--webhook-url", f"{stack.url}/webhooks/stripe"] if with_webhooks() else []
        stack.start("simulator", "simulator.server", "--port", port, *hears, ready=health)
        if hears:
            start_web(stack)
        yield Plant(stack, control)
    finally:
        control.close()
        stack.stop()
        shutil.rmtree(directory, ignore_errors=True)


def with_webhooks() -> bool:
    """Whether the simulator is to deliver webhooks: unless the environment says 0."""
    return os.environ.get(WEBHOOKS, "1") != "0"


def start_web(stack: Stack) -> None:
    """Start the web as `make run` does: two processes."""
    _start_web(stack, "web", "dashboard.web", stack.url)


def _start_web(stack: Stack, name: str, module: str, url: str) -> None:
    options = ["--port", url.rsplit(":", 1)[1], "--workers", str(WEB_PROCESSES), "--patience", "1"]
    stack.start(name, module, *options, ready=answers(f"{url}/readyz"))


def queue_syncs(invoices: list[int]) -> None:
    """Queue a sync of each invoice, as the clock would."""
    with transaction():
        runs = [
            request_sync(db.session.get_one(Invoice, one), Request("scheduled"), now=utc_now())
            for one in invoices
        ]
        enqueue_runs(runs)


def wait_until(done: Callable[[], bool], *, seconds: float, every: float = 0.5) -> None:
    """Wait until something is so; raises `TimeoutError`."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"It did not come to an end in {seconds:.0f} s.")
        time.sleep(every)
