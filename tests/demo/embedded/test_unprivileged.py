"""Who PostgreSQL runs as, and with what."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from demo.embedded.errors import EmbeddedError
from demo.embedded.unprivileged import is_closed, lower

ARGV = ["postgres", "-D", "data"]


def lowered(path: Path) -> list[str]:
    """Return how `ARGV` is started when it must reach `path`."""
    return lower(ARGV, reaches=[path], death_signal=signal.SIGINT)


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be root, with setpriv at hand."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")


def test_a_normal_user_starts_it_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert lowered(tmp_path) == ARGV


def test_root_starts_it_as_nobody(root: None, tmp_path: Path) -> None:
    command = lowered(tmp_path)
    assert "--reuid=nobody" in command
    assert command[-len(ARGV) :] == ARGV


def test_it_may_pass_a_closed_directory_above_its_data(root: None, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert "--ambient-caps=+dac_override" in lowered(tmp_path / "data")


def test_it_may_do_nothing_more_where_all_directories_are_open(root: None) -> None:
    assert not is_closed(Path("/usr/lib"))
    assert "--ambient-caps=+dac_override" not in lowered(Path("/usr/lib"))


def test_root_without_setpriv_is_told_what_to_do(
    root: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(EmbeddedError, match="util-linux"):
        lowered(tmp_path)
