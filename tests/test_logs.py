"""What the processes print: JSON lines on standard output from the first to the last, no more."""

import json
import signal
import subprocess
import sys
import time

import pytest
import structlog
from structlog.testing import capture_logs

from dashboard.logs import configure_logs
from demo.up.probes import answers
from jobs import ticks
from tests.support.environment import child_environment
from tests.support.services import Worker
from tests.support.stack import free_port

pytestmark = pytest.mark.fault


def printed(services: Worker, *arguments: str, ready=None) -> list[dict]:
    """Run a process to its end, told to stop once it is `ready`; return its lines as they read."""
    environment = child_environment(services.database_url, services.redis_url, LOG_LEVEL="INFO")
    started = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    if ready is not None:
        deadline = time.monotonic() + 30
        while not ready() and time.monotonic() < deadline:
            time.sleep(0.05)
        started.send_signal(signal.SIGTERM)
    out, err = started.communicate(timeout=60)
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


def test_a_logger_that_was_used_before_a_second_app_is_made_can_be_listened_to() -> None:
    log = structlog.get_logger("early")
    configure_logs("warning")
    log.warning("first")
    configure_logs("warning")
    with capture_logs() as said:
        log.warning("second")
    assert [one["event"] for one in said] == ["second"]


def test_all_that_the_workers_say(services: Worker, redis) -> None:
    lines = printed(services, "dashboard.worker", "--workers", "1", "--burst")
    assert any("Starting worker pool" in line["event"] for line in lines)


def test_all_that_the_web_says(services: Worker, redis) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/api/v1/nothing"
    lines = printed(
        services, "dashboard.web", "--port", str(port), "--patience", "1",
        ready=lambda: answers(f"http://127.0.0.1:{port}/readyz")() and not answers(url)(),
    )  # fmt: skip
    assert any(line.get("path") == "/api/v1/nothing" for line in lines)
    assert any(line["logger"] == "_granian" for line in lines)


def test_all_that_the_scheduler_says(services: Worker, redis) -> None:
    lines = printed(services, "dashboard.scheduler", ready=lambda: redis.exists(ticks.LAST))
    assert any(line["event"] == "schedule_reconciled" for line in lines)
