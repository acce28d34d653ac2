"""Extensions, unbound: the app factory binds them, everything may import them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import inf
from time import monotonic
from typing import Any

from flask import current_app
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from flask_wtf.csrf import CSRFProtect
from psycopg import Connection as DriverConnection
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Engine,
    MetaData,
    Pool,
    PoolProxiedConnection,
    event,
)
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.pool import ConnectionPoolEntry

from dashboard.config import Config
from dashboard.driver import adapt, answers, is_cut

# Constraint names are part of the schema: migrations and error handling refer to them.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    """Base of every row: 64-bit keys, timezone-aware instants, named constraints."""

    # On the registry, not the class: Flask-SQLAlchemy derives its own base from this one.
    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={int: BigInteger, datetime: DateTime(timezone=True)},
    )


@event.listens_for(Engine, "connect")
def adapt_connection(connection: DriverConnection[Any], _record: object) -> None:
    """Let every engine of this process speak to PostgreSQL in the one way."""
    adapt(connection)


# One that was used a moment ago is not asked: that was a question for each transaction of a sync.
ASKED_AFTER_SECONDS = 0.5


@event.listens_for(Pool, "checkin")
def note_idle(_connection: DriverConnection[Any] | None, record: ConnectionPoolEntry) -> None:
    """Note since when a connection lies idle."""
    record.info["idle_since"] = monotonic()


@event.listens_for(Pool, "checkout")
def ask_if_alive(
    connection: DriverConnection[Any], record: ConnectionPoolEntry, _lent: PoolProxiedConnection
) -> None:
    """Ask a connection that lay idle: a restarted PostgreSQL costs a question, not an error page.

    Raises `DisconnectionError`, at which the pool opens another.
    """
    lay_idle = monotonic() - record.info.get("idle_since", inf) > ASKED_AFTER_SECONDS
    if is_cut(connection) or (lay_idle and not answers(connection)):
        raise DisconnectionError


# In a session's `info` while it rehearses: see dashboard.rehearsal.
REHEARSES = "rehearses"


# In a session's `info` when it only reads: see dashboard.statement.
READS = "reads"


# In a session's `info`: its transaction, and the connection that this has.
CONNECTION = "connection_of_transaction"


class Session(FlaskSession):
    """A session that writes nothing while it rehearses, and refuses to where it only reads."""

    def connection(
        self,
        bind_arguments: dict[str, Any] | None = None,
        execution_options: Mapping[str, Any] | None = None,
    ) -> Connection:
        """Return the connection of the present transaction, looked up once in each.

        A sync asks fifty times, and each time the engine was looked up anew.
        """
        if bind_arguments or execution_options or self.in_nested_transaction():
            return super().connection(bind_arguments, execution_options)
        present = self.get_transaction()
        of, found = self.info.get(CONNECTION, (None, None))
        if present is None or of is not present or not present.is_active:
            found = super().connection()
            self.info[CONNECTION] = self.get_transaction(), found
        connection: Connection = found
        return connection

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write what was changed, unless it is only a rehearsal."""
        if READS in self.info and (self.new or self.dirty or self.deleted):
            raise RuntimeError("A page that only reads changed a row. Nothing was changed.")
        if REHEARSES not in self.info:
            super().flush(objects)


db = SQLAlchemy(model_class=Model, session_options={"class_": Session})
migrate = Migrate()
csrf = CSRFProtect()


def current_config() -> Config:
    """Return the settings of the application that runs this."""
    config: Config = current_app.extensions["config"]
    return config
