"""`python -m simulator.server`: the Stripe simulator, as a process of its own.

    STRIPE_WEBHOOK_SECRET=whsec_sandbox python -m simulator.server \
        --port 8012 --data .data/simulator --webhook-url http://127.0.0.1:8000/webhooks/stripe

Listens on 127.0.0.1 only. Keeps its state under --data, in memory without it.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from flask import Flask

from simulator.app import create_simulator
from simulator.background import Background
from simulator.engine.state import Simulator
from simulator.schema.published import SchemaMissing, load
from simulator.wire import Server


class RunningSimulator:
    """A simulator that answers on its own threads until `stop`."""

    def __init__(self, app: Flask, port: int = 0, public_url: str | None = None) -> None:
        self.simulator: Simulator = app.extensions["simulator"]
        self._background: Background = app.extensions["background"]
        self._server = Server(app, port)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.simulator.public_url = public_url or self.url
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    def start(self) -> RunningSimulator:
        """Start answering, ticking and sending webhooks."""
        self._background.start()
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop everything and write what is left."""
        self._server.shutdown()
        self._server.server_close()
        self._background.stop()
        self.simulator.close()


def main(arguments: list[str] | None = None) -> int:
    """Run until interrupted; 1 with one sentence when it cannot start."""
    chosen = _parser().parse_args(arguments)
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "WARNING").upper())
    try:
        schema = None if chosen.no_schema else load()
        app = create_simulator(
            data=chosen.data,
            webhook_url=chosen.webhook_url,
            webhook_secret=os.environ.get("STRIPE_WEBHOOK_SECRET") or "whsec_sandbox",
            schema=schema,
            check_replies=os.environ.get("SIMULATOR_CHECK_REPLIES") == "1",
            mails=chosen.mails,
        )
        running = RunningSimulator(app, chosen.port, chosen.public_url)
    except (SchemaMissing, OSError) as problem:
        sys.stderr.write(f"The Stripe simulator cannot start on port {chosen.port}: {problem}\n")
        return 1
    _run_until_told(running)
    return 0


def _run_until_told(running: RunningSimulator) -> None:
    # The objects kept are many and in no cycles; looking through all of them, often, is the one
    # thing that makes a large simulator slow.
    gc.set_threshold(100_000, 50, 100)
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    running.start()
    sys.stdout.write(f"Stripe simulator on {running.url}\n")
    sys.stdout.flush()
    told.wait()
    running.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="The Stripe simulator, on 127.0.0.1 only.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, help="directory of the state; memory only without it")
    parser.add_argument("--webhook-url", help="where signed events are sent")
    parser.add_argument("--public-url", help="how browsers reach this process, if not by its port")
    parser.add_argument("--mails", type=Path, help="folder of the e-mails that a page shows")
    parser.add_argument("--no-schema", action="store_true", help="check no request bodies")
    return parser


if __name__ == "__main__":
    sys.exit(main())
