"""How psycopg speaks to PostgreSQL: alike, whatever the server is set to or stands before it.

PostgreSQL writes an instant in the zone of the session, which the server, the role, the host or a
pooler decides. A month later in that zone is not a month later in UTC, so the zone ends here: on
every connection, for mapped columns and bare queries alike. The session itself is left as it is: a
setting at the start is refused by PgBouncer, and one made later leaks to its other clients.
"""

from __future__ import annotations

import select
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psycopg import Connection, DataError, Error
from psycopg.adapt import Buffer, Loader, PyFormat
from psycopg.types.datetime import DatetimeDumper

if TYPE_CHECKING:
    from psycopg.abc import DumperKey


# A statement is prepared when it is executed for the fifth time on a connection.
PREPARE_AFTER = 5


def connect_arguments(*, prepares: bool, name: str = "billing") -> dict[str, Any]:
    """Return how to connect, as `name` in the server's lists.

    Prepare statements only where no pooler shares connections.
    They are named by a count of the client's own. In the transaction mode of a pooler two clients
    use one connection in turn, and the name of one is the statement of another: its answer, too.
    """
    return {"prepare_threshold": PREPARE_AFTER if prepares else None, "application_name": name}


def is_cut(connection: Connection[Any]) -> bool:
    """Whether the server has ended an idle connection; it is not asked, only listened to.

    A server that stops, and the system when a process dies, close the connection: there is then
    something to read where nothing was asked.
    """
    if connection.closed:
        return True
    poller = select.poll()
    poller.register(connection.pgconn.socket, select.POLLIN)
    return bool(poller.poll(0))


class UtcLoader(Loader):
    """Reads what PostgreSQL writes in the session's zone as an instant in UTC."""

    def load(self, data: Buffer) -> datetime:
        """Return the instant. Raises DataError for one that the calendar does not have."""
        written = bytes(data).decode()
        try:
            instant = datetime.fromisoformat(written)
            return instant if instant.tzinfo is UTC else instant.astimezone(UTC)
        except (ValueError, OverflowError):
            raise DataError(f"{written!r} is not an instant that can be read") from None


class AwareDumper(DatetimeDumper):
    """Sends only instants that say their zone: the server would read others in the session's."""

    def get_key(self, obj: datetime, format: PyFormat) -> DumperKey:
        """Return the dumper's key. Raises DataError for an instant without a zone."""
        if obj.tzinfo is None:
            raise DataError(f"{obj} has no zone, so it is no instant")
        return super().get_key(obj, format)


def adapt(connection: Connection[Any]) -> None:
    """Make `connection` read instants as UTC and refuse those without a zone."""
    connection.adapters.register_loader("timestamptz", UtcLoader)
    connection.adapters.register_dumper(datetime, AwareDumper)


def answers(connection: Connection[Any]) -> bool:
    """Whether the server still answers on a connection that no transaction uses."""
    try:
        # Else the question would begin a transaction.
        connection.autocommit = True
        connection.execute("select 1")
        connection.autocommit = False
    except Error:
        return False
    return True
