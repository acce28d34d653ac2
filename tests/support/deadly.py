"""Tasks that end their worker, and one that says who did it."""

import ctypes
import itertools
import os
import signal

from flask import current_app

from jobs.runtime import job

DONE_BY = "done-by"


@job(queue="scheduled", timeout=1)
def segfaults() -> None:
    """Read where nothing is."""
    ctypes.string_at(0)


@job(queue="scheduled", timeout=1)
def is_killed() -> None:
    """Be killed, as by the kernel when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


@job(queue="scheduled", timeout=1)
def hears_nothing() -> None:
    """Go round in C for ever, where no signal is looked at and no other thread has its turn."""
    all(itertools.repeat(True))


@job(queue="scheduled", timeout=1)
def tells_its_process() -> None:
    """Leave the process id in Redis."""
    current_app.extensions["redis"].set(DONE_BY, os.getpid())
