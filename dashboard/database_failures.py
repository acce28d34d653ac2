"""What a failure of the database means for whoever asked: one table for pages and the API.

Each of these was told before the COMMIT was sent, so nothing was changed and repeating may help. A
COMMIT that was sent and not answered is `OutcomeUnknown` instead. What is not in the table is a
fault of ours.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree


@dataclass(frozen=True, slots=True)
class Failure:
    """How it is answered: a status, what happened, and how soon repeating may help."""

    status: int
    happened: str
    retry_after_seconds: int


COLLISION = Failure(409, "Another request did the same thing at the same moment.", 5)
CROSSED = Failure(
    503, "Another request was changing the same thing, and one of the two had to stop.", 1
)
SLOW = Failure(503, "The database took too long: others are at work on the same thing.", 5)
FULL = Failure(503, "The database takes nothing more at the moment.", 15)
READ_ONLY = Failure(503, "The database can be read but not changed at the moment.", 15)
AWAY = Failure(503, "The database is not answering.", 5)

LONGEST_REASON = 200
# By SQLSTATE, or by its first two characters, which name the class.
TABLE = {
    "40001": CROSSED,  # serialization failure
    "40P01": CROSSED,  # the victim of a deadlock
    "55P03": SLOW,  # a lock was not to be had in time
    "57014": SLOW,  # statement time-out
    "25P03": SLOW,  # idle in a transaction for too long
    "25P04": SLOW,  # a transaction took too long
    "25006": READ_ONLY,  # a standby that has not taken over yet
    "53": FULL,  # connections, disk or memory
    "58": AWAY,  # its disk
    "57P": AWAY,  # shutting down, starting up, crashed
    "08": AWAY,  # the connection
}


def failure_of(error: BaseException | None) -> Failure | None:
    """Return how `error` is answered; None if it is not the database's doing."""
    if isinstance(error, NoConnectionFree):
        return SLOW
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error, IntegrityError):
        return COLLISION
    state = sql_state(error)
    if state is None:
        return AWAY if is_lost(error) else None
    return next((TABLE[state[:n]] for n in (5, 3, 2) if state[:n] in TABLE), None)


def reason_of(error: SQLAlchemyError) -> str:
    """Return in a line what the server, or the way to it, says; for whoever is to mend it."""
    said = str(error.orig) if isinstance(error, DBAPIError) and error.orig else str(error)
    return " ".join(said.split())[:LONGEST_REASON] or type(error).__name__


def is_lost(error: DBAPIError) -> bool:
    """Whether the connection did not survive it, or never came to be."""
    return error.connection_invalidated or sql_state(error) is None


def sql_state(error: DBAPIError) -> str | None:
    """Return PostgreSQL's code for what went wrong; None if the driver was not told one."""
    return getattr(error.orig, "sqlstate", None)
