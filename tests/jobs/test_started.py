"""Every task is started by something: the clock's table, or code that queues it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jobs.declared import TASKS, load_tasks
from jobs.schedule import TABLE
from tests.support.environment import ROOT

QUEUING = {"enqueue", "push"}


def names(node: ast.expr) -> Iterator[str]:
    """Yield the name of a task, whether it was imported or its module was."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr


def queued() -> Iterator[str]:
    """Yield the name of each task that some code queues: alone, or many to a job."""
    for top in ("dashboard", "jobs"):
        for path in (ROOT / top).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call):
                    continue
                if isinstance(node.func, ast.Attribute) and node.func.attr in QUEUING:
                    yield from names(node.func.value)
                elif "enqueue_each" in names(node.func):
                    yield from (name for one in node.args[:2] for name in names(one))


def test_every_task_is_on_the_clock_or_queued_by_some_code() -> None:
    load_tasks()
    scheduled = {entry.task.path for entry in TABLE}
    started = set(queued())
    idle = {
        path
        for path in TASKS
        # Those of tests declare themselves as these do.
        if path.startswith("jobs.") and path not in scheduled
        if path.rpartition(".")[2] not in started
    }
    assert idle == set()
