"""What is locked is all that runs, and nothing that only somebody's tests need."""

import re
import subprocess
import sys
from importlib.metadata import requires

import pytest

from bin.lock import ENVIRONMENTS
from tests.support.environment import ROOT

CLOCK = "jobs.clock, jobs.schedule, jobs.overview, rq_scheduler.utils"


def named_in(lock: str) -> set[str]:
    """Return the packages of a lock."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return set(re.findall(r"^([a-z0-9.-]+)==", text, re.MULTILINE))


@pytest.mark.parametrize("lock", [*ENVIRONMENTS, "scheduler"])
def test_nothing_that_replaces_the_clock_is_installed_for_the_schedulers_own_tests(
    lock: str,
) -> None:
    assert "freezegun" not in named_in(lock)


def test_of_what_the_scheduler_names_only_that_is_left_out() -> None:
    assert named_in("scheduler") == {"rq-scheduler"}
    named = {re.match(r"[\w-]+", one)[0] for one in requires("rq-scheduler") or ()}  # type: ignore[index]
    assert named - named_in("base") == {"freezegun"}


def test_the_clock_runs_without_it() -> None:
    gone = f"import sys; sys.modules['freezegun'] = None; import {CLOCK}"
    done = subprocess.run([sys.executable, "-c", gone], cwd=ROOT, check=False)
    assert done.returncode == 0
