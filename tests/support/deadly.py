"""Jobs that end their worker, and one that says who did it."""

import ctypes
import itertools
import os
import signal

from flask import current_app

DONE_BY = "done-by"


def segfaults() -> None:
    """Read where nothing is."""
    ctypes.string_at(0)


def is_killed() -> None:
    """Be killed, as by the kernel when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


def hears_nothing() -> None:
    """Go round in C for ever, where no signal is looked at and no other thread has its turn."""
    all(itertools.repeat(True))


def tells_its_process() -> None:
    """Leave the process id in Redis."""
    current_app.extensions["redis"].set(DONE_BY, os.getpid())
