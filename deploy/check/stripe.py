"""The Stripe simulator: it delivers through the front, as Stripe does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests

from deploy.check.installation import browser
from deploy.check.page import ROOT

PORT = 8012
BASE = f"http://127.0.0.1:{PORT}"
KEY = "sk_test_sandbox"
SECRET = "whsec_sandbox"  # noqa: S105  the simulator signs with it; it guards nothing


def start(scratch: Path, address: str) -> None:
    """Start it, and wait until it answers."""
    environment = os.environ | {
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "SSL_CERT_FILE": str(scratch / "ca.pem"),
        "PYTHONPATH": str(ROOT),
    }
    arguments = ["--port", str(PORT), "--webhook-url", f"{address}/webhooks/stripe"]
    with (scratch / "log" / "stripe.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "simulator.server", *arguments],
            cwd=ROOT, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    for _ in range(200):
        try:
            ask("/_simulator/health")
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"The Stripe simulator did not start: {scratch}/log/stripe.log")


def ask(path: str) -> Any:
    """Return what it answers of itself."""
    answer = browser().get(f"{BASE}{path}", auth=(KEY, ""), timeout=10)
    answer.raise_for_status()
    return answer.json()
