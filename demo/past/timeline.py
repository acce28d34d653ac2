"""The past in the order of time: every cycle of everybody, and what befell them in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from demo.organizations import DemoOrganization
from demo.past.cycles import arrive, begin, bill, leave_closing
from demo.past.scenes import STORIES, invoice_is_paid_by_transfer
from demo.past.world import World

# Who is sent invoices pays them by a transfer so long after the close, but for the last one.
PAID_AFTER = timedelta(days=9)


class Step(NamedTuple):
    """One thing that happened, and when; of one instant in the order of the cast."""

    at: datetime
    name: str
    act: Callable[[World], None]


def steps(cast: Sequence[DemoOrganization], *, today: datetime) -> list[Step]:
    """Return what happened to those who have a past, the oldest first; the same for one `today`."""
    found = [step for one in cast if one.months for step in _steps_of(one, today)]
    return sorted(found, key=lambda step: step.at)


def _steps_of(wanted: DemoOrganization, today: datetime) -> Iterator[Step]:
    cycles = wanted.cycles_before(today)
    last = cycles[-1]
    yield _step(cycles[0].start, begin, wanted)
    for cycle in cycles:
        is_open = cycle is last and wanted.story == "closing"
        yield _step(cycle.end, partial(leave_closing if is_open else bill, cycle=cycle), wanted)
        if wanted.days_until_due is not None and cycle is not last:
            yield _step(cycle.end + PAID_AFTER, invoice_is_paid_by_transfer, wanted)
    yield _step(today, arrive, wanted)
    for scene in STORIES.get(wanted.story or "", ()):
        yield _step(today if scene.after is None else last.end + scene.after, scene.act, wanted)


def _step(at: datetime, act: Callable[..., None], wanted: DemoOrganization) -> Step:
    return Step(at, wanted.name, partial(act, wanted=wanted))
