"""The pool: so many workers for everything, and one that only waits for what a person clicks.

Each is a fork of a process in which the application is loaded already. One that dies, whatever of,
is followed within two seconds by another, which first gives back what the dead one had taken.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from typing import Any

from flask import Flask
from redis import Redis
from rq.worker_pool import ForkProcess, WorkerData, WorkerPool

from dashboard.processes import worker_processes
from jobs.giving_back import give_back
from jobs.queues import QUEUES
from jobs.single import SingleWorker

# While every other worker is in the midst of a batch, a click would wait until one gives way.
CLICKS = ("interactive",)


class Pool(WorkerPool):
    """RQ's pool, whose workers share one loaded application."""

    def __init__(self, app: Flask, *, workers: int) -> None:
        redis = Redis.from_url(app.extensions["config"].redis_url)
        super().__init__(QUEUES, connection=redis, num_workers=worker_processes(workers))
        self.app = app
        self.for_clicks: str | None = None
        self.dead: list[str] = []

    def get_worker_process(
        self, name: str, burst: bool, _sleep: float = 0, logging_level: str = "INFO"
    ) -> BaseProcess:
        """Return the process of one more worker; there is always one that waits for clicks."""
        queues: Sequence[str] = QUEUES
        if self.for_clicks not in self.worker_dict:
            self.for_clicks, queues = name, CLICKS
        arguments = (self.app, name, queues, self.dead)
        self.dead = []
        options = {"burst": burst, "logging_level": logging_level}
        return ForkProcess(target=run_worker, args=arguments, kwargs=options)

    def handle_dead_worker(self, worker_data: WorkerData) -> None:
        """Note whose work the next one is to give back."""
        super().handle_dead_worker(worker_data)
        self.dead.append(worker_data.name)


def run_worker(
    app: Flask, name: str, queues: Sequence[str], dead: Sequence[str], **how: Any
) -> None:
    """Work until told to stop, once what `dead` workers had taken is given back."""
    # The pool's own handlers, inherited by one who follows a dead worker, would stop its siblings.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    random.seed()
    redis = Redis.from_url(app.extensions["config"].redis_url)
    worker = SingleWorker(queues, name=name, connection=redis, app=app)
    give_back(app, dead)
    worker.work(**how)
