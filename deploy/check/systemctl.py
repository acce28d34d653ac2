"""A small `systemctl`, for a room without systemd: what it starts is each unit's own ExecStart.

As the unit's user and group, in its directory, with its environment and nothing else, without new
privileges. What it does not do is to confine: see `systemd-analyze security`.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from deploy.check.unit import Unit, is_alive, read

SCRATCH = Path(os.environ.get("DEPLOY_CHECK", "/nonexistent"))
SIGNALS = {"SIGINT": signal.SIGINT, "SIGTERM": signal.SIGTERM, "SIGQUIT": signal.SIGQUIT}
LOWERED = ["--init-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]


def main(arguments: list[str]) -> int:
    """Do what is asked of each unit named."""
    verb, *names = [one for one in arguments if not one.startswith("-")]
    if verb == "daemon-reload" or (verb == "enable" and "--now" not in arguments):
        return 0
    wanted = {"enable": "start"}.get(verb, verb)
    return max([act(wanted, name) for name in names], default=0)


def act(verb: str, name: str) -> int:
    """Start, stop, restart or reload a unit, or say whether it runs."""
    if name == "postgresql":
        version, cluster = max(Path("/etc/postgresql").glob("*/*")).parts[-2:]
        return subprocess.run(["pg_ctlcluster", version, cluster, verb], check=False).returncode
    unit = read(name)
    if verb == "is-active":
        return 0 if is_alive(_pid(unit)) else 3
    if verb == "reload":
        os.kill(_pid(unit), signal.SIGHUP)
        return 0
    if verb in ("stop", "restart"):
        stop(unit)
    return start(unit) if verb in ("start", "restart") else 0


def start(unit: Unit) -> int:
    """Start it, unless it runs; one that ends by itself is waited for."""
    if is_alive(_pid(unit)):
        return 0
    if directory := unit.one("RuntimeDirectory"):
        Path("/run", directory).mkdir(exist_ok=True)
        subprocess.run(["chown", unit.one("User"), f"/run/{directory}"], check=True)
    for command in unit.commands("ExecStartPre"):
        _begin(unit, command).wait()
    (command,) = unit.commands("ExecStart")
    begun = _begin(unit, command)
    if unit.one("Type") in ("oneshot", "forking"):
        return begun.wait()
    _pid_file(unit).write_text(str(begun.pid))
    time.sleep(0.3)
    return 0 if begun.poll() is None else 1


def stop(unit: Unit) -> None:
    """Ask it to end, and end it when it does not in its time."""
    pid = _pid(unit)
    if not is_alive(pid):
        return
    os.kill(pid, SIGNALS[unit.one("KillSignal", "SIGTERM")])
    patience = float(unit.one("TimeoutStopSec", "90")) or 90.0
    deadline = time.monotonic() + patience
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    if is_alive(pid):
        sys.stderr.write(f"{unit.name} did not end within {patience:.0f} s and was killed.\n")
        os.killpg(pid, signal.SIGKILL)


def _begin(unit: Unit, command: list[str]) -> subprocess.Popen[bytes]:
    user = unit.one("User")
    who = []
    if user:
        group = unit.one("Group") or subprocess.check_output(["id", "-gn", user], text=True).strip()
        who = ["setpriv", f"--reuid={user}", f"--regid={group}", *LOWERED]
    mask = int(unit.one("UMask", "0022"), 8)
    with (SCRATCH / "log" / f"{unit.name}.log").open("ab") as log:
        return subprocess.Popen(
            [*who, *command], cwd=unit.one("WorkingDirectory", "/"), env=unit.environment(),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, umask=mask,
        )  # fmt: skip


def _pid_file(unit: Unit) -> Path:
    return SCRATCH / f"{unit.name}.pid"


def _pid(unit: Unit) -> int:
    own = unit.one("PIDFile")
    path = Path(own) if unit.one("Type") == "forking" and own else _pid_file(unit)
    return int(path.read_text()) if path.exists() and path.read_text().strip() else -1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LookupError as error:
        sys.exit(f"{shlex.join(sys.argv[1:])}: {error}")
