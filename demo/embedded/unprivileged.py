"""PostgreSQL refuses to run as root, so for root it runs as `nobody`.

No system user is added for it and no directory is opened to others.
"""

import os
import pwd
import shutil
import signal
import stat
from pathlib import Path

from demo.embedded.errors import EmbeddedError

ACCOUNT = "nobody"


def lower(argv: list[str], *, reaches: list[Path], death_signal: signal.Signals) -> list[str]:
    """Return `argv` as it must be started: as it is, or for root through setpriv(1).

    `reaches` are the paths the program must get to. Where a directory above one of them is closed
    to others (a clone in root's home), the program keeps the one capability to pass, instead of us
    changing that directory's mode. Raises EmbeddedError where root has no setpriv.
    """
    if os.geteuid() != 0:
        return argv
    if shutil.which("setpriv") is None:
        raise EmbeddedError(
            "PostgreSQL does not run as root, and setpriv (package util-linux) is not there to "
            f"start it as {ACCOUNT}. Start as a normal user, install util-linux, or set "
            "DATABASE_URL."
        )
    return [*_setpriv(closed=any(map(is_closed, reaches)), death_signal=death_signal), "--", *argv]


def own(path: Path) -> None:
    """Make `path` a directory that only the account PostgreSQL runs as may enter."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    if os.geteuid() == 0:
        shutil.chown(path, ACCOUNT)


def is_closed(path: Path) -> bool:
    """Whether some directory above `path` may not be entered by everybody."""
    return any(not parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


def _setpriv(*, closed: bool, death_signal: signal.Signals) -> list[str]:
    group = str(_group_id())
    command = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={group}", "--clear-groups"]
    # A change of user clears the parent-death signal, so setpriv sets it again after that.
    command.append(f"--pdeathsig={death_signal.name.removeprefix('SIG')}")
    if closed:
        # Without no_setuid_fixup access(2), by which PostgreSQL finds itself, ignores it.
        command += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        command.append("--securebits=+no_setuid_fixup")
    return command


def _group_id() -> int:
    return pwd.getpwnam(ACCOUNT).pw_gid
