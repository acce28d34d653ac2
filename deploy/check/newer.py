"""The dump of Debian's PostgreSQL, served from the newer one that `make run` embeds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.embedded.postgres import EmbeddedPostgres
from deploy.check.unit import read

DUMP = "/var/lib/postgresql/billing.dump"
PORT = 8003
CURRENT = Path("/srv/billing/current")


@contextmanager
def served_from_newer(scratch: Path) -> Iterator[str]:
    """Lend the version of a newer server, from which the dump is served on port 8003."""
    home = scratch / "newer"
    home.mkdir(mode=0o755)
    log = scratch / "log" / "newer.log"
    server = EmbeddedPostgres(home / "data", log=log)
    server.start()
    try:
        to = ["-h", str(server.sockets), "-U", "postgres"]
        _run(["psql", *to, "-q", "-f", str(CURRENT / "deploy" / "postgresql" / "roles.sql")])
        _run(["pg_restore", *to, "--clean", "--if-exists", "--create", "-d", "postgres", DUMP])
        ask = ["psql", *to, "-At", "-c", "show server_version"]
        version = subprocess.check_output(ask, text=True)
        address = server.url("billing").replace("postgres@", "billing@")
        settings = read("billing-web@8003").environment() | {"DATABASE_URL": address}
        web = [".venv/bin/python", "-m", "dashboard.web", "--port", str(PORT), "--patience", "1"]
        with log.open("ab") as said:
            serving = subprocess.Popen(web, cwd=CURRENT, env=settings, stdout=said, stderr=said)
        try:
            yield version.strip()
        finally:
            serving.terminate()
            serving.wait(30)
    finally:
        server.stop()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
