"""The processor that the product's processes take: web, workers, clock, PostgreSQL and Redis.

The simulator is left out: where the product runs, it is Stripe's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
from flask import Flask
from sqlalchemy import text

from benchmarks.fleet.processes import Plant
from dashboard.extensions import db
from dashboard.transaction import transaction

NOT_OURS = "simulator"


def used_seconds(app: Flask, running: Plant) -> dict[str, float]:
    """Return the seconds of processor that each part has taken since it was started, by its name.

    Take the difference of two; a part that ended in between is not in the second.
    """
    parts = {name: one.pid for name, one in running.stack.processes.items() if name != NOT_OURS}
    parts |= {"postgres": postgres_pid(), "redis": app.extensions["redis"].info()["process_id"]}
    return {name: sum(of_tree(psutil.Process(pid))) for name, pid in parts.items()}


def spent_seconds(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Return what each part that is in both took in between."""
    return {name: after[name] - before[name] for name in before.keys() & after.keys()}


def of_tree(root: psutil.Process) -> Iterator[float]:
    """Yield what a process and its living descendants took, each with what its dead ones did."""
    for process in (root, *root.children(recursive=True)):
        try:
            yield sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue


def postgres_pid() -> int:
    """Return the process that all of PostgreSQL's descend from."""
    with transaction():
        directory = db.session.execute(text("show data_directory")).scalar_one()
    return int(Path(directory, "postmaster.pid").read_text().splitlines()[0])
