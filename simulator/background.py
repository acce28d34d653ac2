"""What runs without being asked: timers that come due, webhooks that wait to be sent."""

from __future__ import annotations

import logging
import threading

from simulator.engine.deliveries import Deliveries
from simulator.engine.events import Cause
from simulator.engine.state import Call, Simulator
from simulator.engine.webhooks import Sender
from simulator.resources.finalize import finalize_on_time
from simulator.resources.payment import pay_on_time
from simulator.resources.subscriptions import renew_on_time

log = logging.getLogger(__name__)

TICK_SECONDS = 0.1


class Background:
    """The simulator's threads. `start` once, `stop` once."""

    def __init__(self, simulator: Simulator, deliveries: Deliveries) -> None:
        self._simulator = simulator
        self._sender = Sender(simulator, deliveries)
        self._stopping = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def start(self) -> None:
        """Start ticking and sending."""
        self._sender.start()
        self._ticker.start()

    def stop(self) -> None:
        """Stop both and wait for them."""
        self._stopping.set()
        self._ticker.join(timeout=5)
        self._sender.stop()

    def _tick(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            try:
                with self._simulator.lock:
                    self._simulator.timers.fire_due()
            except Exception:
                log.exception("A timer of the Stripe simulator failed")


def register_timers(simulator: Simulator) -> None:
    """Say what each kind of timer does; Stripe itself is the cause, so there is no request."""
    call = Call(simulator, {}, {}, Cause())
    simulator.timers.actions["finalize"] = lambda invoice_id: finalize_on_time(call, invoice_id)
    simulator.timers.actions["pay"] = lambda invoice_id: pay_on_time(call, invoice_id)
    simulator.timers.actions["renew"] = lambda identifier: renew_on_time(call, identifier)
