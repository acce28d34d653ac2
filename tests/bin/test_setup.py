"""Set-up tells which step it is at, and what to do when one fails."""

import shutil
import sys
from types import SimpleNamespace

import pytest

from bin import setup

A_WHILE = [sys.executable, "-c", "import time; time.sleep(0.3)"]
FAILS = [sys.executable, "-c", "raise SystemExit(3)"]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> setup.Telling:
    """Set-up from its beginning."""
    telling = setup.Telling()
    monkeypatch.setattr(setup, "telling", telling)
    return telling


def begin(monkeypatch: pytest.MonkeyPatch, *steps: object) -> None:
    """Run set-up with other steps."""
    monkeypatch.setattr(setup, "steps_of", lambda _wanted: list(steps))
    monkeypatch.setattr(sys, "argv", ["setup.py", "run"])
    setup.main()


def test_a_step_says_which_of_how_many_it_is(
    told: setup.Telling, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(monkeypatch, lambda: None, lambda: setup.telling.step("Installing"))
    assert capsys.readouterr().out == "Set-up 2 of 2: Installing\nSet-up: done in 0 s\n"


def test_with_nothing_to_do_it_is_silent(
    told: setup.Telling, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(monkeypatch, lambda: None)
    assert capsys.readouterr().out == ""


def test_a_long_step_says_that_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "PATIENCE_SECONDS", 0.1)
    setup.run(*A_WHILE)
    assert "  … 0 s so far" in capsys.readouterr().out


def test_a_step_that_fails_names_the_indexes(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(setup.SetupError, match=r"PIP_INDEX_URL.*The same command continues"):
        setup.run(*FAILS)


def test_a_full_disk_is_what_is_named_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=5_000_000))
    with pytest.raises(setup.SetupError, match="The disk has 5 MB left"):
        setup.run(*FAILS)


def test_an_interruption_says_that_nothing_is_lost(
    told: setup.Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(setup.SetupError, match="What is installed stays"):
        begin(monkeypatch, interrupted)
