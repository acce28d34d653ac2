"""Where the embedded servers listen: sockets in a directory that only we may enter.

So they need no port and no password.
"""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

# Linux allows 107 bytes for a socket's path, macOS 103; we add `/postgres/.s.PGSQL.5432`.
LONGEST_DIRECTORY = 80


def socket_directory(data: Path) -> Path:
    """Return a private directory, its path short enough, for the sockets of servers in `data`."""
    directory = data.resolve() / "sockets"
    if len(os.fsencode(directory)) > LONGEST_DIRECTORY:
        name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
        directory = Path(tempfile.gettempdir()) / f"billing-{os.geteuid()}-{name}"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_uid != os.geteuid():
        raise PermissionError(
            f"{directory} belongs to another user; remove it or choose another DATA_DIR"
        )
    directory.chmod(0o700)
    return directory


def remove_if_empty(directory: Path) -> None:
    """Remove a directory of sockets once the last server in it has gone."""
    with contextlib.suppress(OSError):
        directory.rmdir()
