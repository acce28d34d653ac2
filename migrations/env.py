"""Alembic's environment: the application's own engine and metadata, each run in one transaction."""

import re
import time

from alembic import context
from flask import current_app

# The months of usage_records are made by the product itself, not by migrations.
PARTITION = re.compile(r"^usage_records_(\d{4}_\d{2}|default)$")
TURN = "select pg_try_advisory_xact_lock(734502)"


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether autogenerate and the drift check should look at this table."""
    return not (kind == "table" and name is not None and PARTITION.match(name))


def run_migrations() -> None:
    """Bring the database to the wanted revision; a failing one changes nothing.

    But for those that make an index while everybody goes on (`autocommit_block`): they keep what
    was done before them, and may be run again.
    """
    database = current_app.extensions["migrate"].db
    with database.engine.connect() as turn, database.engine.connect() as connection:
        # Two machines that are deployed at once take their turns. On a connection of its own, as
        # such a migration ends its transaction; and asked again and again, as whoever waits in a
        # statement is in turn waited for by the making of the index.
        while not turn.exec_driver_sql(TURN).scalar():
            turn.rollback()
            time.sleep(0.2)
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            include_name=is_ours,
            compare_type=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Migrations are applied to a database, not written to a script.")
run_migrations()
