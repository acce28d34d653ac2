"""Child processes that cannot outlive us, however we end."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

PR_SET_PDEATHSIG = 1


def start(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `argv` with its output appended to `log`, and return it.

    It leads its own session, so a Ctrl-C in the terminal reaches only us and we stop our children
    in order. On Linux it is sent `death_signal` when we die without having stopped it.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  # every argv is written in this package
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
            preexec_fn=_dies_with_us(death_signal),
        )


def stop(
    process: subprocess.Popen[bytes],
    *,
    ask: signal.Signals = signal.SIGTERM,
    patience_seconds: float = 10.0,
) -> bool:
    """Ask `process` to end, kill what is left of it; return whether asking did."""
    obeyed = True
    if process.poll() is None:
        process.send_signal(ask)
        try:
            process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            obeyed = False
    kill(process)
    return obeyed


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill `process` and everything left in the session that it leads."""
    for member in _session(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    process.wait()


def _session(leader: int) -> list[int]:
    # Not the process group: a worker's running job has a group of its own.
    members = []
    for member in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getsid(member) == leader:
                members.append(member)
    return members


def _dies_with_us(death_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def ask_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)

    return ask_the_kernel
