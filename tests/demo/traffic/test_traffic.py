"""`python -m demo.traffic` against the real web."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select

from dashboard.usage.models import UsageRecord
from demo.cast import ORGANIZATIONS
from demo.seed import seed
from demo.settings import DemoSettings
from tests.support.environment import ROOT, child_environment
from tests.support.stack import Stack

COMMAND = [sys.executable, "-m", "demo.traffic"]
QUIET = tuple(one for one in ORGANIZATIONS if one.slug in ("velvet-radio", "tidal-fitness"))


def records(db: SQLAlchemy) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(UsageRecord)) or 0


def test_it_reports_until_it_is_told_to_stop(
    live_stack: Stack, db: SQLAlchemy, tmp_path: Path
) -> None:
    settings = DemoSettings(live_stack.url, tmp_path, live_stack.simulator_url, "sk_test_sandbox")
    seed(settings, QUIET)
    before = records(db)
    env = {**live_stack.env, "DATA_DIR": str(tmp_path), "DEMO": "1"}
    with subprocess.Popen(COMMAND, cwd=ROOT, env=env, stderr=subprocess.DEVNULL) as running:
        try:
            deadline = time.monotonic() + 30
            while records(db) == before:
                assert running.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.2)
        finally:
            running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0


def test_without_a_token_it_says_what_to_do(tmp_path: Path) -> None:
    env = child_environment("postgresql://nowhere", "redis://nowhere", DATA_DIR=str(tmp_path))
    ended = subprocess.run(
        COMMAND, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 1
    assert "demo" in ended.stderr
