"""Nothing that a stopped process started is left, whatever group it put itself in."""

import signal
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from demo.embedded import process
from tests.support.waiting import eventually

STUBBORN_WITH_A_CHILD = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], process_group=0)
print(child.pid, flush=True)
time.sleep(60)
"""


def test_a_child_in_a_group_of_its_own_is_killed_with_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    stubborn = process.start([sys.executable, "-c", STUBBORN_WITH_A_CHILD], log=log)
    eventually(lambda: log.read_text().endswith("\n"))
    assert not process.stop(stubborn, patience_seconds=0.1)
    eventually(lambda: is_gone(int(log.read_text())))


def test_one_that_ends_when_asked_is_not_killed(tmp_path: Path) -> None:
    sleeping = process.start(["sleep", "60"], log=tmp_path / "log")
    assert process.stop(sleeping)
    assert sleeping.returncode == -signal.SIGTERM


def is_gone(pid: int) -> bool:
    """Whether the process has ended, read by its parent or not."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
