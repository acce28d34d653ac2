"""What is odd about a bill that is about to be closed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

# A bill that comes to more than four times the last one: 300 % more.
TIMES = 4
# A meter that reported on four days of five in the last cycle always does.
ALWAYS_PERCENT = 80
FEWEST_DAYS = 7
# One that always reports and has not for so long went quiet.
QUIET = timedelta(days=3)

ZERO, JUMP, NEGATIVE, SILENT, QUIET_SENDER = "zero", "jump", "negative", "silent", "quiet"
WORDS = {
    ZERO: "Comes to nothing, and never did before",
    JUMP: "More than four times the last bill",
    NEGATIVE: "Below zero",
    SILENT: "No usage of a meter that always reports",
    QUIET_SENDER: "A meter that always reports went quiet",
}


class Meter(NamedTuple):
    """A price still in use: its days with usage in the last cycle and in this one."""

    days_before: int
    length_before: int
    days: int
    last_day: date | None

    @property
    def always_reports(self) -> bool:
        """Whether it reported on nearly all days of the last cycle."""
        enough = self.length_before >= FEWEST_DAYS
        return enough and 100 * self.days_before >= ALWAYS_PERCENT * self.length_before


def anomalies(
    expected: int, before: int | None, meters: Iterable[Meter], *, today: date
) -> Sequence[str]:
    """Return what is odd of a bill that is expected to come to so many cents, by name.

    `before` is what the last cycle came to; None for an organization's first.
    """
    found = []
    if expected < 0:
        found.append(NEGATIVE)
    elif before is not None and before > 0:
        if expected == 0:
            found.append(ZERO)
        elif expected > TIMES * before:
            found.append(JUMP)
    always = [one for one in meters if one.always_reports]
    if any(one.days == 0 for one in always):
        found.append(SILENT)
    if any(one.last_day is not None and one.days and today - one.last_day >= QUIET
           for one in always):  # fmt: skip
        found.append(QUIET_SENDER)
    return found
