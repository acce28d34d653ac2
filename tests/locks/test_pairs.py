"""Any two verbs at once, on the same organizations: nobody waits in a circle.

They meet in groups, each of which holds its locks a little longer than it would, so that they are
sure to meet. LOCK_ROUNDS lets every group meet more often than once.
"""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import combinations, combinations_with_replacement
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from dashboard.extensions import db
from dashboard.gateway.protocol import Gateway
from dashboard.transaction import transaction
from tests.locks.stage import Stage, make_stage
from tests.locks.statements import locks_taken
from tests.locks.verbs import VERBS, act

ROUNDS = int(os.environ.get("LOCK_ROUNDS", "1"))
# So many verbs act at once, and into so many tests the groups are divided: none may take long.
AT_ONCE = 5
SHARES = 24
HELD_SECONDS = 0.003
WRONG = ("deadlock detected", "due to lock timeout", "due to statement timeout")


@contextmanager
def dawdling(engine: Engine) -> Iterator[None]:
    """Let everybody stay a little after taking a lock."""

    def stay(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if locks_taken(statement):
            time.sleep(HELD_SECONDS)

    event.listen(engine, "after_cursor_execute", stay)
    try:
        yield
    finally:
        event.remove(engine, "after_cursor_execute", stay)


def complaints(log: Path, since: int) -> list[str]:
    """Return what the server's log says of locks after its first `since` bytes."""
    with log.open(errors="replace") as lines:
        lines.seek(since)
        return [line.strip() for line in lines if any(one in line for one in WRONG)]


def pairs_of(group: Sequence[str]) -> set[tuple[str, str]]:
    """Return every two verbs that meet in a group."""
    return set(combinations(sorted(group), 2))


def gatherings(names: Sequence[str]) -> list[list[str]]:
    """Return groups in which every two verbs meet somewhere, each also itself; few of them."""
    open_pairs = set(combinations_with_replacement(sorted(names), 2))
    groups: list[list[str]] = []
    while open_pairs:
        group = list(min(open_pairs))
        while len(group) < AT_ONCE:
            group.append(max(names, key=lambda name: len(open_pairs & pairs_of([*group, name]))))
        open_pairs -= pairs_of(group)
        groups.append(group)
    return groups


def meet(app: Flask, stage: Stage, group: Sequence[str]) -> list[str]:
    """Let all verbs of the group begin at once; return what the database had against it."""
    start = Barrier(len(group))

    def run(name: str) -> str | None:
        with app.app_context():
            start.wait(10)
            try:
                with transaction():
                    act(name, stage)
            except DBAPIError as error:
                return f"{name}: {error.orig}"
            return None

    with ThreadPoolExecutor(len(group)) as pool:
        return [wrong for wrong in pool.map(run, group) if wrong is not None]


@pytest.mark.parametrize("share", range(SHARES))
def test_no_two_verbs_wait_for_each_other_in_a_circle(
    app: Flask, impatient: object, gateway: Gateway, sample: dict[str, Any], postgres_log: Path,
    share: int,
) -> None:  # fmt: skip
    since = postgres_log.stat().st_size
    wrong: list[str] = []
    with dawdling(db.engine):
        for group in gatherings(list(VERBS))[share::SHARES]:
            stage = make_stage(gateway, sample)
            for _ in range(ROUNDS):
                wrong += [f"{', '.join(group)}: {one}" for one in meet(app, stage, group)]
    assert wrong == []
    assert complaints(postgres_log, since) == []


def test_every_two_verbs_meet() -> None:
    together = {pair for group in gatherings(list(VERBS)) for pair in pairs_of(group)}
    assert together == set(combinations_with_replacement(sorted(VERBS), 2))
