"""What goes wrong, at random: workers killed, servers restarted, Stripe misbehaving."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from benchmarks.soak.site import Site

# Stripe's misbehaviour while it lasts: each kind hits its share of the calls.
FAULTS = {
    "drop_before": 0.03,
    "drop_after": 0.03,
    "error_before": 0.03,
    "error_after": 0.03,
    "rate_limit": 0.02,
    "lock_timeout": 0.02,
    "slow": 0.02,
    "hold_during": 0.005,
    "hold_after": 0.005,
}
HELD_SECONDS = 5


@dataclass
class Trouble:
    """Makes one trouble at a time and counts them; `faults` are Stripe's, by kind."""

    site: Site
    rng: random.Random
    made: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def kill(self) -> str:
        """Kill something and return what."""
        every = {self.kill_a_job: 5, self.kill_the_workers: 3, self.kill_the_scheduler: 2}
        return self._one_of(every | {self.kill_the_web: 1})

    def make(self) -> str:
        """Make one trouble and return its name."""
        every = {
            self.kill_a_job: 4,
            self.kill_the_workers: 3,
            self.kill_the_scheduler: 1,
            self.kill_the_web: 1,
            self.restart_redis: 1,
            self.lose_redis: 1,
            self.restart_postgres_fast: 1,
            self.restart_postgres_immediately: 1,
            self.stripe_is_down: 2,
        }
        return self._one_of(every)

    def _one_of(self, every: Mapping[Callable[[], None], int]) -> str:
        trouble = self.rng.choices(list(every), list(every.values()))[0]
        trouble()
        self.made[trouble.__name__] += 1
        return trouble.__name__

    def begin_faults(self, *, share: float = sum(FAULTS.values()), drop: float = 0.2) -> None:
        """Let such a share of the calls, and of the webhooks, go wrong until `end_faults`."""
        for kind, usual in FAULTS.items():
            odds = usual * share / sum(FAULTS.values())
            seed = self.rng.randrange(2**31)
            self.site.simulator.fault(kind, probability=odds, seed=seed, seconds=HELD_SECONDS)
        self.site.simulator.post("webhooks", duplicate=2, reorder=True, delay_seconds=1, drop=drop)

    def end_faults(self) -> None:
        """Let Stripe behave again."""
        for rule in self.site.simulator.get("faults"):
            self.faults[rule["kind"]] += rule["hits"]
        self.site.simulator.delete("faults")
        self.site.simulator.post("webhooks", duplicate=1, reorder=False, delay_seconds=0, drop=0)

    def kill_a_job(self) -> None:
        """Kill one process of the pool, often one in the middle of a sync."""
        pool = self.site.ours.stack.processes["workers"]
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(pool.pid).children(recursive=True)
            if children:
                os.kill(self.rng.choice(children[-4:]).pid, signal.SIGKILL)

    def kill_the_workers(self) -> None:
        """Kill the pool and all its workers."""
        self.site.ours.kill("workers")

    def kill_the_scheduler(self) -> None:
        """Kill the scheduler."""
        self.site.ours.kill("scheduler")

    def kill_the_web(self) -> None:
        """Kill the web, with the webhooks it is receiving."""
        self.site.ours.kill("web")

    def restart_redis(self) -> None:
        """Kill Redis and start it with what it had saved."""
        self.site.restart_redis(empty=False)

    def lose_redis(self) -> None:
        """Kill Redis and start it empty."""
        self.site.restart_redis(empty=True)

    def restart_postgres_fast(self) -> None:
        """End every connection and restart PostgreSQL."""
        self.site.restart_postgres(signal.SIGINT)

    def restart_postgres_immediately(self) -> None:
        """Let PostgreSQL recover from its log, as after a power cut."""
        self.site.restart_postgres(signal.SIGQUIT)

    def stripe_is_down(self) -> None:
        """Let so many calls fail that the circuit opens; more would keep it open to the end."""
        self.site.simulator.fault("error_before", status=503, times=12)
