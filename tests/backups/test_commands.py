"""What the commands of backups refuse, in a sentence each; a drill shows what they do."""

import hashlib
import json
from pathlib import Path

import pytest
from flask import Flask

from dashboard.backups.take import check, kept
from dashboard.backups.tools import CannotBackUp, program

TO = "2026-11-28T09:30:00+00:00"


def make_base(folder: Path, *, digest: str | None = None) -> Path:
    """Make what looks like a base backup of one file."""
    base = folder / "base-20261128T090000Z"
    base.mkdir(parents=True)
    (base / "PG_VERSION").write_text("18\n")
    right = hashlib.sha256(b"18\n").hexdigest()
    manifest = {"Files": [{"Path": "PG_VERSION", "Checksum": digest or right}]}
    (base / "backup_manifest").write_text(json.dumps(manifest))
    return base


def said(app: Flask, *arguments: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it printed."""
    result = app.test_cli_runner().invoke(args=["backup", *arguments])
    return result.exit_code, result.output


def test_an_empty_folder_has_no_backup(app: Flask, tmp_path: Path) -> None:
    code, output = said(app, "check", str(tmp_path))
    assert code == 1
    assert "has no base backup" in output


def test_a_base_without_wal_leads_nowhere(tmp_path: Path) -> None:
    make_base(tmp_path)
    with pytest.raises(CannotBackUp, match="has no WAL"):
        check(tmp_path)


def test_a_file_that_changed_is_told(tmp_path: Path) -> None:
    make_base(tmp_path, digest="0" * 64)
    with pytest.raises(CannotBackUp, match="is not as it was when it was copied"):
        check(tmp_path)


def test_a_copy_that_was_broken_off_is_no_backup(tmp_path: Path) -> None:
    make_base(tmp_path).rename(tmp_path / "base-20261128T090000Z.part")
    assert kept(tmp_path).bases == ()


def test_a_whole_one_is_told_with_how_far_its_wal_leads(app: Flask, tmp_path: Path) -> None:
    make_base(tmp_path)
    (tmp_path / "wal").mkdir()
    (tmp_path / "wal" / "000000010000000000000002").touch()
    code, output = said(app, "check", str(tmp_path))
    assert code == 0
    assert "of 2026-11-28 09:00:00 UTC is whole." in output
    assert "segments of WAL" in output


def test_a_moment_that_cannot_be_read_or_is_too_early_is_refused(
    app: Flask, tmp_path: Path
) -> None:
    make_base(tmp_path)
    data = str(tmp_path / "data")
    code, output = said(app, "restore", str(tmp_path), "--to", "yesterday", "--data", data)
    assert code == 1
    assert "The moment cannot be read" in output
    early = TO.replace("2026", "2025")
    code, output = said(app, "restore", str(tmp_path), "--to", early, "--data", data)
    assert code == 1
    assert "No base backup" in output
    assert not Path(data).exists()


def test_a_restored_directory_recovers_to_the_moment(app: Flask, tmp_path: Path) -> None:
    make_base(tmp_path)
    data = tmp_path / "data"
    code, output = said(app, "restore", str(tmp_path), "--to", TO, "--data", str(data))
    assert code == 0, output
    assert (data / "recovery.signal").exists()
    settings = (data / "postgresql.auto.conf").read_text()
    assert "recovery_target_time = '2026-11-28 09:30:00.000000+00'" in settings
    code, output = said(app, "restore", str(tmp_path), "--to", TO, "--data", str(data))
    assert code == 1
    assert "is not empty" in output


def test_a_program_that_is_missing_is_named() -> None:
    with pytest.raises(CannotBackUp, match="The program pg_nothing is not here"):
        program("pg_nothing")
