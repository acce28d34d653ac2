"""The kinds of process there are: their names, their connections to the database, their logs.

Connections are PostgreSQL's scarcest thing: a hundred by default, for everybody. So each kind says
how many it may hold, its pool opens no more, and `budget` adds them up.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TextIO

from dashboard.config import Config

# Requests that run at a time in a process of the web; more would only take turns at the
# interpreter. Each may hold a connection.
SEATS = 8
# Beside the seats: the three doors, which keep one each, and downloads, while they read a batch.
WEB_CONNECTIONS = SEATS + 4
# The clock, the folder, and one to spare.
SCHEDULER_CONNECTIONS = 3
# A migration, `flask doctor`, somebody with psql.
COMMANDS_CONNECTIONS = 4
# What a process of no deployment may open: a command needs one, tests many.
UNBOUNDED = 30


@dataclass(frozen=True, slots=True)
class Process:
    """A kind of process. PostgreSQL is told its name, and lists it in `pg_stat_activity`."""

    name: str
    is_server: bool = True

    def connections(self, config: Config) -> int:
        """Return how many connections to the database one of this kind may hold at a time."""
        if self is WORKER:
            return config.worker_connections
        return {WEB: WEB_CONNECTIONS, SCHEDULER: SCHEDULER_CONNECTIONS}.get(self, UNBOUNDED)

    @property
    def logs_to(self) -> TextIO:
        """Where its log goes; a command's standard output is what it was asked for."""
        return sys.stdout if self.is_server else sys.stderr


WEB = Process("web")
WORKER = Process("worker")
SCHEDULER = Process("scheduler")
COMMAND = Process("command", is_server=False)


def worker_processes(workers: int) -> int:
    """Return how many processes a pool of `workers` has: one more waits for clicks."""
    return workers + 1


def budget(config: Config, *, workers_alive: int = 0) -> dict[str, int]:
    """Return how many database connections each kind of process may hold in all.

    For as many workers as are configured, or `workers_alive` where those are more."""
    workers = max(worker_processes(config.workers), workers_alive)
    return {
        "web": config.web_processes * WEB_CONNECTIONS,
        "workers": workers * config.worker_connections,
        "scheduler": SCHEDULER_CONNECTIONS,
        "commands": COMMANDS_CONNECTIONS,
    }
