"""Start parts in order, restart those that die, stop them in the reverse order."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from types import FrameType
from typing import NoReturn

from demo.embedded.errors import EmbeddedError
from demo.up.advice import advised, end_of
from demo.up.part import Part, Task
from demo.up.report import short, state
from demo.up.settings import CannotStart
from demo.up.waiting import Waiting

READY_SECONDS = 60.0
PULSE_SECONDS = 0.2
RESTARTS_PER_MINUTE = 5
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """We were told to stop."""


class Supervisor:
    """Owns the running parts; nothing it started outlives it."""

    def __init__(self) -> None:
        self.groups: list[tuple[Part, ...]] = []
        self.begun: dict[str, tuple[subprocess.Popen[bytes], Waiting]] = {}
        self.told_to_stop = False
        self.parent = os.getppid()
        self.terminal = select.poll()
        if os.isatty(0):
            self.terminal.register(0, 0)

    def listen(self) -> None:
        """Stop on Ctrl-C, on a polite kill, and when the terminal closes (unless nohup said no)."""
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._tell)

    def start(self, *group: Part) -> None:
        """Start parts that need not wait for each other, and wait until all of them are ready.

        Raises CannotStart if a vital one is not.
        """
        self.pulse(0)
        self.groups.append(group)
        started = [part for part in group if _attempt(part, part.server.start)]
        for part in started:
            if _attempt(part, partial(self._wait_until_ready, part)):
                state(part.name, "ready", part.note)

    def begin(self, task: Task) -> None:
        """Start a task whose beginning needs nothing of what starts meanwhile."""
        self.pulse(0)
        self.begun[task.name] = task.begin(), Waiting(task.name)

    def run(self, task: Task, note: str = "") -> str:
        """Run `task` to its end and return what it printed, nothing if it failed.

        Raises CannotStart if it failed and is vital.
        """
        if task.name not in self.begun:
            self.begin(task)
        running, waiting = self.begun[task.name]
        while running.poll() is None:
            self.pulse()
            waiting.tell(task.told())
            self.tend()
        del self.begun[task.name]
        waiting.tell(task.told())
        if running.returncode == 0:
            state(task.name, "ready", note or waiting.length())
            return task.output()
        state(task.name, "failed", advised(end_of(task.log)))
        if task.is_vital:
            raise CannotStart(f"{task.name} failed. Everything was stopped.")
        return ""

    def watch(self) -> NoReturn:
        """Restart what dies, until told to stop."""
        while True:
            self.pulse()
            self.tend()

    def tend(self) -> None:
        """Restart what has ended."""
        for part in chain.from_iterable(self.groups):
            if not part.is_given_up and not part.server.is_running():
                self._restart(part)

    def stop(self) -> None:
        """Stop what still runs: tasks, then every part, those first that were started last."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        for running, _ in self.begun.values():
            _end(running)
        for group in reversed(self.groups):
            with ThreadPoolExecutor() as together:
                list(together.map(_stop, group))

    def pulse(self, seconds: float = PULSE_SECONDS) -> None:
        """Wait a little. Raises Stopped when told to, or when `make` or the terminal is gone."""
        time.sleep(seconds)
        orphaned = "MAKELEVEL" in os.environ and os.getppid() != self.parent
        # A terminal that is closed tells only the leader of its session, which may be `make`.
        if self.told_to_stop or orphaned or self.terminal.poll(0):
            raise Stopped

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        # Only a note: an exception raised here could lose a process that is just being started.
        self.told_to_stop = True

    def _wait_until_ready(self, part: Part) -> None:
        deadline, waiting = time.monotonic() + READY_SECONDS, Waiting(part.name)
        while part.server.is_running() and time.monotonic() < deadline:
            if part.is_ready():
                return
            self.pulse()
            waiting.tell([])
        reason = "not ready after a minute" if part.server.is_running() else "ended"
        raise CannotStart(f"{reason}; {end_of(part.log)}")

    def _restart(self, part: Part) -> None:
        recent = [at for at in part.restarted_at if time.monotonic() - at < 60]
        # At once, then after 1, 2, 4, 8 seconds: one that dies at every start must not spin.
        if recent and time.monotonic() - recent[-1] < 2 ** (len(recent) - 1):
            return
        if len(recent) >= RESTARTS_PER_MINUTE:
            part.is_given_up = True
            state(part.name, "failed", advised(f"it stops at every start; {end_of(part.log)}"))
            return
        part.restarted_at = [*recent, time.monotonic()]
        with contextlib.suppress(EmbeddedError):
            part.server.stop()
            part.server.start()
        state(part.name, "restarted", f"it had stopped; see {short(part.log)}")


def _attempt(part: Part, step: Callable[[], None]) -> bool:
    try:
        step()
    except (EmbeddedError, CannotStart) as error:
        state(part.name, "failed", advised(str(error)))
        if part.is_vital:
            raise CannotStart(f"{part.name} is required. Everything was stopped.") from None
        return False
    return True


def _stop(part: Part) -> None:
    part.server.stop()
    state(part.name, "stopped")


def _end(running: subprocess.Popen[bytes]) -> None:
    if running.poll() is None:
        running.terminate()
        running.wait()
