"""Take base backups, receive the WAL, and look whether a folder can be restored from."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dashboard.backups.tools import CannotBackUp, program, run

SEGMENT = re.compile(r"[0-9A-F]{24}(\.partial)?")
SLOT = "billing_backup"
STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a folder holds: whole base backups by when they ended, and segments of WAL."""

    bases: tuple[tuple[datetime, Path], ...]
    segments: int
    newest_at: datetime | None


def take_base(url: str, folder: Path, *, now: datetime) -> Path:
    """Copy the cluster as it is into the folder, and return where; raises `CannotBackUp`.

    Under another name until it is whole, so that a copy that was broken off is no backup.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    whole = folder / f"base-{now.astimezone(UTC):{STAMP}}"
    part = whole.with_suffix(".part")
    run(
        ["pg_basebackup", f"--dbname={url}", f"--pgdata={part}", "--checkpoint=fast",
         "--wal-method=stream", "--manifest-checksums=SHA256", "--no-password"]
    )  # fmt: skip
    part.rename(whole)
    return whole


def wal_arguments(url: str, folder: Path) -> list[str]:
    """Return the program that writes the WAL into the folder, ready to be run.

    It has a slot of its own, so that the server keeps what it has not received yet, however long it
    is away. Raises `CannotBackUp`.
    """
    wal = folder / "wal"
    wal.mkdir(parents=True, exist_ok=True, mode=0o700)
    how = [f"--dbname={url}", f"--slot={SLOT}", "--no-password"]
    run(["pg_receivewal", *how, "--create-slot", "--if-not-exists"])
    return [program("pg_receivewal"), *how, f"--directory={wal}", "--synchronous"]


def receive_wal(url: str, folder: Path) -> None:
    """Become the program that writes the WAL into the folder as it comes; it ends when told to."""
    arguments = wal_arguments(url, folder)
    os.execv(arguments[0], arguments)  # noqa: S606  # one of PostgreSQL's, by its path


def kept(folder: Path) -> Kept:
    """Return what the folder holds."""
    bases = sorted(
        (_moment(one.name.removeprefix("base-")), one)
        for one in folder.glob("base-*")
        if one.is_dir() and one.suffix != ".part"
    )
    wal = [one for one in folder.glob("wal/*") if SEGMENT.fullmatch(one.name)]
    newest = max((one.stat().st_mtime for one in wal), default=None)
    at = None if newest is None else datetime.fromtimestamp(newest, UTC)
    return Kept(tuple(bases), len(wal), at)


def check(folder: Path) -> Kept:
    """Verify the newest base backup by its own checksums; raise `CannotBackUp` where that fails."""
    found = kept(folder)
    if not found.bases:
        raise CannotBackUp(f"{folder} has no base backup. Take one: flask backup base.")
    _verify(found.bases[-1][1])
    if not found.segments:
        raise CannotBackUp(
            f"{folder} has no WAL, so it leads to no later moment: flask backup wal."
        )
    return found


def _verify(base: Path) -> None:
    """Compare each file with the manifest: the wheel's own pg_verifybackup does not start."""
    try:
        manifest = json.loads((base / "backup_manifest").read_text())
        for one in manifest["Files"]:
            path = base / (one.get("Path") or bytes.fromhex(one["Encoded-Path"]).decode())
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest != one["Checksum"]:
                raise CannotBackUp(f"{path} is not as it was when it was copied. Take another.")
    except (OSError, ValueError, KeyError) as error:
        raise CannotBackUp(f"{base} is not whole: {error}. Take another.") from error


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
