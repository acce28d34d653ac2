"""The folder: puts usage on the bill that nobody looked at yet, within a second of its acceptance.

A thread of the scheduler's process, which asks the database every half second or so whether
anything waits. Any number of them may run: each leaves out the organizations that another one
holds. It needs no Redis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from time import monotonic

import structlog
from flask import Flask
from redis.exceptions import RedisError

from dashboard.billing.fold import fold
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from dashboard.usage.waiting import organizations_waiting
from jobs import ticks

NAME = "fold_usage"
# From one look to the next, and how late the bill may be beside the turn's own time. What many
# organizations report meanwhile is counted at once: half as often takes half of the processor. A
# turn after one that found nothing takes no time, so it may be later.
TURN_EVERY_SECONDS = 0.45
IDLE_TURN_EVERY_SECONDS = 0.6
# At least this between two looks, if a turn takes that long.
LEAST_PAUSE_SECONDS = 0.05
# The invoices of so many are held at once, for half a millisecond each.
AT_ONCE = 100
# While one works out amounts, PostgreSQL writes those of the other: half the time between senders
# who keep the machine busy.
FOLDS_AT_A_TIME = 2
MOST_A_TURN = 10_000
# An organization whose usage cannot be counted is tried again after this.
ASIDE_SECONDS = 60.0
NOTED_EVERY_SECONDS = 5.0
log = structlog.get_logger("jobs.folder")


class Folder(Thread):
    """Counts what waits, turn by turn, until it is stopped."""

    def __init__(self, app: Flask, *, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(name="folder", daemon=True)
        self.app, self.clock = app, clock
        self.is_over = Event()
        self._pool = ThreadPoolExecutor(FOLDS_AT_A_TIME, thread_name_prefix="fold")
        self._aside: dict[int, float] = {}
        self._noted_at = float("-inf")

    def run(self) -> None:
        """Take turns, through every outage of the database."""
        began, counted = self.clock(), 0
        while not self.is_over.wait(self._pause(began, counted)):
            began, counted = self.clock(), 0
            try:
                with self.app.app_context():
                    counted = self.turn()
            except Exception:  # the database may be away: it is asked again in a moment
                log.exception("fold_failed")
                self.is_over.wait(ASIDE_SECONDS / 60)

    def _pause(self, began: float, counted: int) -> float:
        """Return how long to wait after a turn that began then and counted so many."""
        every = TURN_EVERY_SECONDS if counted else IDLE_TURN_EVERY_SECONDS
        return max(LEAST_PAUSE_SECONDS, began + every - self.clock())

    def stop(self) -> None:
        """End after the batches under way."""
        self.is_over.set()
        self.join(10)
        self._pool.shutdown(wait=False)

    def turn(self) -> int:
        """Count everything that waits; return of how many organizations."""
        with transaction():
            ids = organizations_waiting(most=MOST_A_TURN)
        due = [one for one in ids if self._aside.get(one, 0.0) <= self.clock()]
        parts = [due[at : at + AT_ONCE] for at in range(0, len(due), AT_ONCE)]
        for _ in self._pool.map(self._count, parts):
            pass
        self._note()
        return len(due)

    def _count(self, organization_ids: Sequence[int]) -> None:
        if not self.is_over.is_set():
            with self.app.app_context():
                self._fold(organization_ids)

    def _fold(self, organization_ids: Sequence[int]) -> None:
        """Count what waits of these together, or apart when one of them is in the way."""
        try:
            with transaction():
                fold(organization_ids, now=utc_now())
        except Exception as error:  # it shows again below, at the organization that it is about
            if len(organization_ids) == 1:
                log.error("usage_stuck", organization_id=organization_ids[0], exc_info=error)
                self._aside[organization_ids[0]] = self.clock() + ASIDE_SECONDS
                return
            for one in organization_ids:
                self._fold([one])
        else:
            for one in organization_ids:
                self._aside.pop(one, None)
        finally:
            db.session.remove()

    def _note(self) -> None:
        """Give a sign of life, as every entry of the clock does."""
        if self.clock() - self._noted_at < NOTED_EVERY_SECONDS:
            return
        self._noted_at = self.clock()
        try:
            ticks.note(self.app.extensions["redis"], NAME)
        except RedisError as error:
            log.warning("redis_unreachable", error=type(error).__name__)
