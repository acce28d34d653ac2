"""The installation as its neighbors see it: through the API, and at each process's own port."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import requests

PORTS = (8001, 8002)


def browser(authority: str | bool = True) -> requests.Session:
    """Return who trusts that authority alone, whatever the environment says of others."""
    session = requests.Session()
    session.trust_env = False
    session.verify = authority
    return session


@dataclass
class Installation:
    """Asks it, and waits for it."""

    address: str
    authority: str
    token: str = ""

    def api(self, path: str, body: object = None) -> dict[str, Any]:
        """Ask the API, through the front."""
        asked = browser(self.authority).request(
            "GET" if body is None else "POST", f"{self.address}/api/v1/{path}", json=body,
            headers={"Authorization": f"Bearer {self.token}"}, timeout=30,
        )  # fmt: skip
        assert asked.ok, asked.text
        return dict(asked.json())

    def report(self, key: str, quantity: int) -> None:
        """Report usage of the organization."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        record = {
            "organization": "acme", "meter": "calls", "key": key, "quantity": str(quantity),
            "recorded_at": now,
        }  # fmt: skip
        self.api("usage", {"records": [record]})

    def usage(self) -> float:
        """Return what is counted on the bill."""
        (item,) = self.api("organizations/acme/current-invoice")["items"]
        return float(item["quantity"])

    def beside(self, port: int) -> Installation:
        """Return the installation as a process of its own on that port shows it."""
        return Installation(f"http://127.0.0.1:{port}", self.authority, self.token)

    def ready(self, port: int) -> dict[str, Any]:
        """Return what a process says of itself."""
        asked = browser(self.authority).get(f"http://127.0.0.1:{port}/readyz", timeout=5)
        return dict(asked.json())

    def wait_until_ready(self, ports: Sequence[int] = PORTS) -> None:
        """Wait until every process of the web can serve."""
        for port in ports:
            until(lambda port=port: self.ready(port)["status"] == "ready", f"port {port}")

    def wait_for_no_event(self) -> None:
        """Wait until every event that was delivered is processed."""
        waiting = re.compile(r'events{state="(?:received|processing|failed)"} [1-9]')

        def none_waits() -> bool:
            url = f"http://127.0.0.1:{PORTS[0]}/metrics"
            return waiting.search(browser(self.authority).get(url, timeout=10).text) is None

        until(none_waits, "events to be processed")


def until(holds: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait until it holds. Raises AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if holds():
                return
        except (requests.RequestException, LookupError, ValueError):
            pass
        time.sleep(0.3)
    raise AssertionError(f"waited in vain for {what}")
