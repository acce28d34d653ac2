"""What fails at a start says what to do."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from demo.up.advice import KNOWN, advised, check_disk, end_of
from demo.up.settings import CannotStart, Settings


@pytest.mark.parametrize("phrase", KNOWN)
def test_a_known_failure_is_followed_by_what_to_do(phrase: str, tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text(f"LOG: starting\nFATAL: could not write: {phrase}\n")
    said = advised(f"PostgreSQL did not start; {end_of(log)}")
    assert said.endswith(KNOWN[phrase])
    assert phrase in said


def test_any_other_is_told_as_it_is() -> None:
    assert advised("ended; the end of the log:") == "ended; the end of the log:"


def test_a_full_disk_is_named_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(tmp_path, "127.0.0.1", 8000, 8001, True, True, True, True)
    check_disk(settings)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=12_000_000))
    with pytest.raises(CannotStart, match=r"has 12 MB left; 300 MB are required\. Nothing was"):
        check_disk(settings)
