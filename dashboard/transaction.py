"""One transaction per request or job, decided at its edge; side effects only once it is committed.

The domain flushes and never commits. A request or job ends in `commit()` or `rollback()`; what must
happen only if the rows exist (enqueueing a job) is registered with `after_commit`.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import DBAPIError

from dashboard.database_failures import is_lost
from dashboard.errors import OutcomeUnknown
from dashboard.extensions import READS, db

log = structlog.get_logger("dashboard.transaction")
Action = Callable[[], object]
_PENDING = "after_commit"
_DONE = "done_in_transaction"


def after_commit(action: Action) -> None:
    """Run `action` once the present transaction is committed; forget it when it is rolled back."""
    pending: list[Action] = db.session.info.setdefault(_PENDING, [])
    pending.append(action)


def once(what: Hashable, act: Action) -> None:
    """Do `act` unless the present transaction did it already: a lock holds until its end.

    Within a savepoint always: what was locked there is let go where it is rolled back.
    """
    session = db.session()
    session.connection()
    of, done = session.info.get(_DONE, (None, set()))
    if of is not session.get_transaction():
        of, done = session.info[_DONE] = session.get_transaction(), set[Hashable]()
    if session.in_nested_transaction():
        act()
    elif what not in done:
        act()
        done.add(what)


def commit() -> None:
    """Commit, then run the actions that waited for it, in the order they were registered.

    A commit that fails takes them with it, and leaves the session fit for the next transaction.
    Raises OutcomeUnknown when the database was lost between a COMMIT and its answer.
    """
    if READS in db.session.info:
        return
    try:
        # First, on its own: what fails in here has changed nothing.
        db.session.flush()
        _send_commit()
    except BaseException:
        rollback()
        raise
    for action in db.session.info.pop(_PENDING, []):
        try:
            action()
        except Exception:  # what is committed is not reported as failed; the sweeps find its rows
            log.exception("after_commit_failed")


def _send_commit() -> None:
    try:
        db.session.commit()
    except DBAPIError as error:
        if is_lost(error):
            raise OutcomeUnknown from error
        raise


def rollback() -> None:
    """Undo everything since the last commit, with the actions that waited for it."""
    db.session.rollback()
    db.session.info.pop(_PENDING, None)


def checkpoint() -> None:
    """Commit in the midst of a piece of work, which goes on with the rows it has loaded.

    A call's intention is committed before it, its result after it. What others may have changed
    meanwhile is read anew, and locked, where the work depends on it.
    """
    session = db.session()
    session.expire_on_commit = False
    try:
        commit()
    finally:
        session.expire_on_commit = True


@contextmanager
def transaction() -> Iterator[None]:
    """Commit when the block ends, roll back when it raises; for jobs, commands and tests."""
    try:
        yield
    except BaseException:
        rollback()
        raise
    commit()
