"""Who waits for a lock in a test's database, and how such a waiter is cut off."""

import time

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

LOCKED = "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
WAITING = text(f"select count(*) {LOCKED}")
CUT_OFF = text(f"select pg_terminate_backend(pid) {LOCKED}")


def waits_for_a_lock(db: SQLAlchemy) -> bool:
    """Whether somebody waits for a lock; a transaction would go on seeing its first answer."""
    with db.engine.connect() as other:
        return bool(other.scalar(WAITING))


def eventually(holds: object, seconds: float = 20.0) -> None:
    """Wait until `holds()`, at most `seconds`."""
    assert callable(holds)
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
