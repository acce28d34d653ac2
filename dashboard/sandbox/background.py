"""What runs without being asked: timers that come due, webhooks that wait to be sent."""

from __future__ import annotations

import logging
import threading

from dashboard.sandbox.deliveries import Deliveries
from dashboard.sandbox.events import Cause
from dashboard.sandbox.finalize import finalize_on_time
from dashboard.sandbox.payment import pay_on_time
from dashboard.sandbox.state import Call, Sandbox
from dashboard.sandbox.webhooks import Sender

log = logging.getLogger(__name__)

TICK_SECONDS = 0.1


class Background:
    """The sandbox's threads. `start` once, `stop` once."""

    def __init__(self, sandbox: Sandbox, deliveries: Deliveries) -> None:
        self._sandbox = sandbox
        self._sender = Sender(sandbox, deliveries)
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
                with self._sandbox.lock:
                    self._sandbox.timers.fire_due()
            except Exception:
                log.exception("A timer of the Stripe simulator failed")


def register_timers(sandbox: Sandbox) -> None:
    """Say what each kind of timer does; Stripe itself is the cause, so there is no request."""
    call = Call(sandbox, {}, {}, Cause())
    sandbox.timers.actions["finalize"] = lambda invoice_id: finalize_on_time(call, invoice_id)
    sandbox.timers.actions["pay"] = lambda invoice_id: pay_on_time(call, invoice_id)
