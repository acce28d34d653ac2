"""Whoever waits for a first start hears how far it is, and never nothing for long."""

import sys
from pathlib import Path

import pytest

from demo.progress import result, told
from demo.up import supervisor as module
from demo.up.part import Task
from demo.up.supervisor import Supervisor
from demo.up.waiting import Waiting

TALKS = """
from demo.progress import progress
progress("half way")
print("admin@example.com")
"""


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_a_task_tells_on_the_way_is_shown_and_is_no_result_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "PULSE_SECONDS", 0.0)
    task = Task("Demo data", [sys.executable, "-c", TALKS], tmp_path / "log", {})
    assert Supervisor().run(task) == "admin@example.com"
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "  Demo data    …        half way"
    assert shown[1].startswith("  Demo data    ready")


def test_each_line_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = Waiting("Demo data", Clock())
    waiting.tell(["one"])
    waiting.tell(["one", "two"])
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["one", "two"]


def test_a_silence_is_broken_by_how_long_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    waiting = Waiting("Migrations", clock)
    for clock.now in (1, 4, 6, 7, 12):
        waiting.tell([])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("still running, ")[1] for line in lines] == ["6 s so far", "12 s so far"]


def test_a_line_that_is_not_whole_yet_waits() -> None:
    assert told("> March 2026\n> Apr") == ["March 2026"]
    assert result("> March 2026\nadmin\n> April 2026\n") == "admin"
