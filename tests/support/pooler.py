"""A PgBouncer in transaction mode before the tests' PostgreSQL: clients share its connections."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import psycopg
import pytest

from bin.pgbouncer import MISSING, find, libraries
from demo.embedded import process
from demo.embedded.errors import tail
from demo.embedded.sockets import socket_directory
from demo.embedded.unprivileged import lower, own

START_SECONDS = 15.0
# Whoever may enter the directory of its socket is let in, as with PostgreSQL's own.
SETTINGS = """
[databases]
* = host={sockets} user=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = {directory}
auth_type = any
pool_mode = transaction
default_pool_size = {size}
"""


@contextmanager
def pooled(database_url: str, directory: Path, *, size: int) -> Iterator[str]:
    """Lend the address of a pooler that shares `size` connections to the database.

    Without a PgBouncer the test is skipped, in CI it fails.
    """
    program = find()
    if program is None:
        pytest.fail(MISSING) if os.environ.get("CI") else pytest.skip(MISSING)
    address = urlsplit(database_url)
    sockets = parse_qs(address.query)["host"][0]
    home = socket_directory(directory) / "pgbouncer"
    own(home)
    settings = home / "pgbouncer.ini"
    settings.write_text(SETTINGS.format(sockets=sockets, directory=home, size=size))
    settings.chmod(0o644)
    started = process.start(
        lower([program, str(settings)], reaches=[home, Path(sockets)], death_signal=signal.SIGTERM),
        log=directory / "pgbouncer.log",
        env={**os.environ, "LD_LIBRARY_PATH": libraries()},
    )
    url = f"postgresql://postgres@{address.path}?host={quote(str(home))}&port=6432"
    try:
        _wait(url, directory / "pgbouncer.log")
        yield url
    finally:
        process.stop(started)


def _wait(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise AssertionError(f"PgBouncer did not start: {tail(log)}") from None
            time.sleep(0.05)
        else:
            return
