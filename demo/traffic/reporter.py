"""The loop: batches at each tick; when the API is away, the same batch again, ever less often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import structlog

from demo.api import ApiAway, ApiRefused, BillingApi, Json
from demo.traffic.servers import change_servers
from demo.traffic.ticks import changing, instant, reports, tick_at

LONGEST_WAIT_SECONDS = 60.0
TOLD_EVERY_SECONDS = 60.0
log = structlog.get_logger("traffic")
Done = TypeVar("Done")


class Reporter:
    """Reports usage until told to stop; what `stopped` waits for ends at once when it is set."""

    def __init__(
        self,
        api: BillingApi,
        stopped: threading.Event,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.api = api
        self.stopped = stopped
        self.clock = clock
        self.recorded = 0
        self.told_at = clock()

    def run(self) -> None:
        """Report tick by tick; ticks that went by while the API was away are left out."""
        last = 0
        while not self.stopped.is_set():
            tick = tick_at(self.clock())
            if tick > last:
                self.report(tick)
                last = tick
            self.tell()
            self.stopped.wait(max(0.1, instant(last + 1).timestamp() - self.clock()))

    def report(self, tick: int) -> None:
        """Do what the tick asks for: usage, and now and then a change of services.

        A batch for each organization: one that is missing must not silence the others.
        """
        for batch in reports(tick):
            self.recorded += self.insist(partial(self.send, batch)) or 0
        if organization := changing(tick):
            done = self.insist(partial(change_servers, self.api, organization, tick))
            log.info("services_changed", change=done)

    def send(self, batch: Sequence[Json]) -> int:
        """Report a batch; return how many records counted. Raises ApiAway, ApiRefused."""
        return int(self.api.report(batch)["recorded"])

    def insist(self, call: Callable[[], Done]) -> Done | None:
        """Return what `call` returns, tried again until the API answers; None if that is no.

        A refusal is logged and not repeated: the same request would be refused again.
        """
        wait = 1.0
        while not self.stopped.is_set():
            try:
                return call()
            except ApiRefused as refusal:
                log.warning("api_refuses", status=refusal.status, reason=str(refusal))
                return None
            except ApiAway as away:
                log.warning("api_away", reason=str(away), again_in_seconds=wait)
            self.stopped.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)
        return None

    def tell(self) -> None:
        """Log once a minute how much was reported."""
        if self.clock() - self.told_at >= TOLD_EVERY_SECONDS:
            log.info("usage_reported", records=self.recorded)
            self.recorded, self.told_at = 0, self.clock()
