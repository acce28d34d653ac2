"""A Stripe simulator for a test: on threads of this process, or a process of its own to kill."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import requests

from simulator.app import create_simulator
from simulator.schema.published import Schema, load
from simulator.server import RunningSimulator

ROOT = Path(__file__).resolve().parents[2]
API_KEY = "sk_test_sandbox"
WEBHOOK_SECRET = "whsec_sandbox"
START_SECONDS = 20.0


class SimulatorControl:
    """The control surface of a running simulator, and the address that clients are given."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def get(self, path: str, /, **params: Any) -> Any:
        """Return the JSON of GET /_simulator/<path>."""
        return self._ask("GET", path, params=params)

    def post(self, path: str, /, **body: Any) -> Any:
        """Return the JSON of POST /_simulator/<path>."""
        return self._ask("POST", path, json=body)

    def delete(self, path: str) -> Any:
        """Return the JSON of DELETE /_simulator/<path>."""
        return self._ask("DELETE", path)

    def reset(self) -> None:
        """Forget every object, rule and request."""
        self.post("reset")

    def advance(self, seconds: float) -> None:
        """Move the simulator's clock; what came due on the way has happened on return."""
        self.post("clock", advance_seconds=seconds)

    def fault(self, kind: str, /, path: str = "", **rule: Any) -> str:
        """Put one fault rule in force and return its id."""
        return str(self.post("faults", kind=kind, path=path, **rule)["id"])

    def calls(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the log of requests to /v1 after the numbered one."""
        log: list[dict[str, Any]] = self.get("requests", since=since)
        return log

    def wait_for_hold(self, seconds: float = 10.0) -> dict[str, Any]:
        """Return the first held request, waiting for one to arrive."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if held := self.get("holds"):
                return dict(held[0])
            time.sleep(0.02)
        raise AssertionError("No request was held.")

    def close(self) -> None:
        """Close the connections of this object; the simulator runs on."""
        self._session.close()

    def _ask(self, method: str, path: str, **rest: Any) -> Any:
        answer = self._session.request(method, f"{self.url}/_simulator/{path}", timeout=30, **rest)
        answer.raise_for_status()
        return answer.json()


@cache
def stripe_schema() -> Schema:
    """Return the schema, cut down on first use and read once per process."""
    return load()


@contextmanager
def running_simulator(**options: Any) -> Iterator[SimulatorControl]:
    """Run a simulator on threads of this process; `options` are those of `create_simulator`."""
    app = create_simulator(**{"schema": stripe_schema(), "check_replies": True, **options})
    running = RunningSimulator(app).start()
    control = SimulatorControl(running.url)
    try:
        yield control
    finally:
        control.close()
        running.stop()


@contextmanager
def simulator_process(
    port: int, data: Path | None = None, webhook_url: str | None = None
) -> Iterator[SimulatorControl]:
    """Run a simulator as a process of its own, killed at the end; `data` keeps its state."""
    command = [sys.executable, "-m", "simulator.server", "--port", str(port)]
    command += ["--data", str(data)] if data else []
    command += ["--webhook-url", webhook_url] if webhook_url else []
    environment = {**os.environ, "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    control = SimulatorControl(f"http://127.0.0.1:{port}")
    try:
        _wait_until_up(control, process)
        yield control
    finally:
        control.close()
        process.kill()
        process.wait()


def _wait_until_up(control: SimulatorControl, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            control.get("health")
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("The simulator did not start.")
