"""Put a cluster back to a moment: a new data directory that PostgreSQL recovers as it starts."""

from __future__ import annotations

import shlex
import shutil
from datetime import UTC, datetime
from pathlib import Path

from dashboard.backups.take import kept
from dashboard.backups.tools import CannotBackUp


def put_back(folder: Path, data: Path, *, to: datetime) -> Path:
    """Make `data` a cluster that recovers to the moment `to`; return the base backup it is of.

    What is there stays as it is: `data` must not exist or be empty. Raises `CannotBackUp`.
    """
    if data.exists() and any(data.iterdir()):
        raise CannotBackUp(f"{data} is not empty. Nothing was changed. Name a new directory.")
    earlier = [path for at, path in kept(folder).bases if at <= to]
    if not earlier:
        raise CannotBackUp(f"No base backup in {folder} is older than {to:%Y-%m-%d %H:%M:%S} UTC.")
    shutil.copytree(earlier[-1], data, dirs_exist_ok=True)
    data.chmod(0o700)
    wal = shlex.quote(str((folder / "wal").resolve()))
    # The newest segment is still being written, under another name.
    command = f"cp {wal}/%f %p 2>/dev/null || cp {wal}/%f.partial %p"
    settings = {
        "restore_command": command,
        "recovery_target_time": f"{to.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00",
        "recovery_target_action": "promote",
    }
    with (data / "postgresql.auto.conf").open("a") as written:
        for name, value in settings.items():
            quoted = value.replace("'", "''")
            written.write(f"{name} = '{quoted}'\n")
    (data / "recovery.signal").touch()
    return earlier[-1]
