"""Many rows in one transaction, and each in its own where one is in the way of the others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import structlog

from dashboard.transaction import checkpoint, rollback

log = structlog.get_logger("jobs.apart")
Failed = Callable[[int, Exception], None]
# Of a round: do the next so many, pass one over, and say which, if it is still there.
Further = Callable[[int], bool]
PassOver = Callable[[], int | None]
NotDone = Callable[[int | None, Exception], None]


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


def slice_or_apart(
    further: Further,
    pass_over: PassOver,
    *,
    most: int,
    failed: NotDone,
    has_time: Callable[[], bool] = lambda: True,
) -> bool:
    """Go on with a round by a slice of `most`; where that fails, one by one.

    `further` does the next so many and says whether more are left. One that fails alone is undone
    and left out by `pass_over`, which names it, so that none stops the round; `failed` is told.
    Return whether more are left: not where the next is to wait for more time.
    """
    try:
        goes_on = further(most)
        checkpoint()
        return goes_on
    except Exception:  # it shows again below, at the one that it is about
        rollback()
    for _ in range(most):
        goes_on = _one_further(further, pass_over, failed) and has_time()
        if not goes_on:
            break
    return goes_on


def _one_further(further: Further, pass_over: PassOver, failed: NotDone) -> bool:
    try:
        goes_on = further(1)
        checkpoint()
    except Exception as error:  # the others must not wait for it
        rollback()
        passed = pass_over()
        checkpoint()
        failed(passed, error)
        return passed is not None
    return goes_on


def tell(failed: Failed, one: int, error: Exception) -> None:
    """Let `failed` note it; where not even that can be written, the log has it."""
    try:
        failed(one, error)
        checkpoint()
    except Exception:  # a row that the database refuses to change at all
        rollback()
        log.exception("not_even_noted", id=one, because=repr(error))
