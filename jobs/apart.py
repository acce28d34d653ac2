"""Many rows in one transaction, and each in its own where one is in the way of the others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import structlog

from dashboard.transaction import checkpoint, rollback

log = structlog.get_logger("jobs.apart")
Failed = Callable[[int, Exception], None]


def together_or_apart(
    act: Callable[[Collection[int]], None], ids: Collection[int], *, failed: Failed
) -> None:
    """Do it for all of these ids at once; where that fails, as `each_apart`."""
    try:
        act(ids)
        checkpoint()
    except Exception:  # it shows again below, at the one that it is about
        rollback()
        each_apart(lambda one: act([one]), ids, failed=failed)


def each_apart(act: Callable[[int], None], ids: Iterable[int], *, failed: Failed) -> None:
    """Do it for each by itself; what one has failed with is undone and told to `failed`."""
    for one in ids:
        try:
            act(one)
            checkpoint()
        except Exception as error:  # the others must not wait for it
            rollback()
            tell(failed, one, error)


def tell(failed: Failed, one: int, error: Exception) -> None:
    """Let `failed` note it; where not even that can be written, the log has it."""
    try:
        failed(one, error)
        checkpoint()
    except Exception:  # a row that the database refuses to change at all
        rollback()
        log.exception("not_even_noted", id=one, because=repr(error))
