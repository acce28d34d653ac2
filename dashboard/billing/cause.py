"""Why a line of a bill changes: what was told, when, by whom, and which row says more of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from dashboard.audit.actor import SYSTEM, Actor

# `cancellation`: usage that its sender took back. `cycle`: fees of a cycle that began, or whose
# invoice was cut early. `correction`: what a void invoice held. `credit_note`: what one took off an
# earlier invoice. `sync`: what Stripe issued without. Changes from before history was kept have
# none.
CauseKind = Literal[
    "usage", "cancellation", "attach", "detach", "quantity", "price_version", "adjustment",
    "correction", "credit_note", "sync", "cycle",
]  # fmt: skip
CAUSES: tuple[CauseKind, ...] = get_args(CauseKind)


@dataclass(frozen=True, slots=True)
class Cause:
    """What changes some lines, `at` the instant that their rows will bear.

    `by` is nobody for usage, which many sub-systems report. `about_id` is the row that says more:
    the service of attach, detach and quantity, the price version, the adjustment, the invoice of a
    correction, a credit note or a sync; None where the line itself names it.
    """

    kind: CauseKind
    at: datetime
    by: Actor | None = None
    about_id: int | None = None

    @classmethod
    def usage(cls, now: datetime) -> Cause:
        """Return the cause of what is counted at `now`."""
        return cls("usage", now)

    @classmethod
    def cycle(cls, now: datetime, by: Actor = SYSTEM) -> Cause:
        """Return the cause of what a cycle's beginning or early end does."""
        return cls("cycle", now, by)


def beginning_of_hour(at: datetime) -> datetime:
    """Return since when usage counted `at` an instant is one change with it."""
    return at.replace(minute=0, second=0, microsecond=0)
