"""Let a verb run for show: what it would change is seen in memory, and the database is not told.

A preview that did it for real and undid it would hold the locks of the real thing meanwhile, so
that whoever only looks would hold up whoever bills.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event, text
from sqlalchemy.orm import ORMExecuteState

from dashboard.extensions import REHEARSES, db


@contextmanager
def rehearsal() -> Iterator[None]:
    """Forget at the end of the block whatever was changed in it; nothing is locked or written.

    Rows that would be new have no ids, and queries see the rows as they are stored. PostgreSQL
    itself refuses a write or a lock that would slip through.
    """
    session = db.session()
    savepoint = session.begin_nested()
    session.execute(text("set local transaction_read_only = on"))
    session.info[REHEARSES] = True
    event.listen(session, "do_orm_execute", _keep_what_was_changed)
    try:
        yield
    finally:
        event.remove(session, "do_orm_execute", _keep_what_was_changed)
        del session.info[REHEARSES]
        savepoint.rollback()


def _keep_what_was_changed(state: ORMExecuteState) -> None:
    # Whoever reads a row as it is now would find it as it was before the rehearsal.
    state.update_execution_options(populate_existing=False)


def rehearses() -> bool:
    """Whether the present session only rehearses."""
    return REHEARSES in db.session().info
