"""Databases for tests: copied from a template, emptied after each test.

Tests really commit: what runs in other processes (workers, the web) must see their rows, and a
savepoint around a test would hide what happens at a commit.
"""

import contextlib
from collections.abc import Iterator

import psycopg
from psycopg import sql

TABLES = """
SELECT oid::regclass::text FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition
  AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
ORDER BY 1
"""


def copy_database(postgres_url: str, template: str, name: str) -> None:
    """Make the database `name`, replacing one of that name, as a copy of `template`."""
    with psycopg.connect(postgres_url.format(database="postgres"), autocommit=True) as connection:
        identifiers = [sql.Identifier(name), sql.Identifier(template)]
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifiers[0])
        )
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*identifiers))


class Cleaner:
    """Empties every table of one database in one round trip; sequences go on counting."""

    def __init__(self, database_url: str) -> None:
        self.connection = psycopg.connect(database_url, autocommit=True)
        tables = [str(row[0]) for row in self.connection.execute(TABLES)]
        # Replica: no trigger, no foreign key; the ledger's own triggers would refuse.
        # The time-out turns a connection that a test left in a transaction into an error.
        self.statement = ";".join(
            [
                "SET LOCAL session_replication_role = replica",
                "SET LOCAL lock_timeout = '5s'",
                *(f"DELETE FROM {table}" for table in tables),  # noqa: S608  names from the catalogue
            ]
        )

    def clean(self) -> None:
        """Empty every table, in one transaction."""
        self.connection.execute(self.statement.encode())


@contextlib.contextmanager
def cleaner(database_url: str) -> Iterator[Cleaner]:
    """Lend a Cleaner and close its connection afterwards."""
    lent = Cleaner(database_url)
    try:
        yield lent
    finally:
        lent.connection.close()
