"""Find PgBouncer, or unpack Debian's into build/; `python bin/pgbouncer.py` prints its path.

Unpacked, not installed: that needs no root, and no pooler starts to run on this machine.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

UNPACKED = Path(__file__).resolve().parent.parent / "build" / "pgbouncer"
PROGRAM = UNPACKED / "usr" / "sbin" / "pgbouncer"
PLACES = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin"
MISSING = (
    "No PgBouncer here, so the tests behind one do not run. Install it "
    "(`apt-get install pgbouncer`, as root) or name one: PGBOUNCER=/path/to/pgbouncer make test."
)


def find() -> str | None:
    """Return the path of a PgBouncer, the one in $PGBOUNCER first; None if there is none."""
    unpacked = str(PROGRAM) if PROGRAM.exists() else None
    return os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=PLACES) or unpacked


def libraries() -> str:
    """Return where an unpacked one finds those of its libraries that this machine lacks."""
    places = [*UNPACKED.glob("usr/lib/*"), *UNPACKED.glob("lib/*")]
    return os.pathsep.join(str(place) for place in places)


def unpack() -> None:
    """Unpack Debian's PgBouncer on a machine that has apt, with lists and a cache of our own."""
    if shutil.which("apt-get") is None:
        return
    lists, cache = UNPACKED / "apt" / "lists", UNPACKED / "apt" / "cache"
    for path in (lists, cache / "archives"):
        (path / "partial").mkdir(parents=True, exist_ok=True)
    options = [f"Dir::State::Lists={lists}", f"Dir::Cache={cache}", "Debug::NoLocking=1"]
    # Else apt lowers itself to an account that may not enter a clone in somebody's home.
    options.append("APT::Sandbox::User=root")
    apt = ["apt-get", "-qq", *(f"-o{option}" for option in options)]
    wanted = ["install", "-y", "--download-only", "--no-install-recommends", "pgbouncer"]
    for arguments in (["update"], wanted):
        subprocess.run([*apt, *arguments], stdout=subprocess.DEVNULL, check=False)
    archives = cache / "archives"
    for package in [*archives.glob("lib*.deb"), *archives.glob("pgbouncer_*.deb")]:
        subprocess.run(["dpkg-deb", "-x", package, UNPACKED], check=False)
    shutil.rmtree(UNPACKED / "apt")


def main() -> int:
    """Print where the pooler is; say so when there is none, which in CI is a failure."""
    if find() is None:
        print("Unpacking PgBouncer", flush=True)
        unpack()
    path = find()
    print(path or MISSING)
    return 1 if path is None and os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
