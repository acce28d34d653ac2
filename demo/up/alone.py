"""One `make run` per data directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from demo.up.settings import CannotStart, Settings


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Hold the data directory's lock. Raises CannotStart while another `make run` holds it.

    The kernel lets go of the lock when the process ends, however it ends.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    # An earlier start may have left it, and files in it, open to others; PostgreSQL, which root
    # starts as somebody else, is given the way in (`embedded.unprivileged`).
    settings.data.chmod(0o700)
    path = settings.data / "lock"
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotStart(_sentence(lock.read(), settings)) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()} {settings.address}")
        lock.flush()
        yield
        lock.truncate(0)


def _sentence(holder: str, settings: Settings) -> str:
    process, _, address = holder.partition(" ")
    return (
        f"`make run` is already running on {settings.data} (process {process}, {address}). "
        "Stop it first, or give this one its own DATA_DIR and PORT."
    )
