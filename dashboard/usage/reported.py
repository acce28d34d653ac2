"""What a sub-system reports, and how a batch of it is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

from dashboard.errors import Invalid
from dashboard.pricing.exact import plain
from dashboard.usage.arrays import in_utc

DECIMAL_PLACES = 12
# NUMERIC(38,12) holds 26 digits before the point; a few are left for the sums.
QUANTITY_LIMIT = Decimal(10) ** 20


class ReportedRecord(NamedTuple):
    """So much of a meter at an instant; `organization` is a slug, `service` an external id."""

    organization: str
    meter: str
    key: str
    quantity: Decimal
    recorded_at: datetime
    service: str | None = None

    @property
    def fingerprint(self) -> str:
        """Equal for records that say the same, whatever zone or trailing zeros they say it with."""
        instant = in_utc(self.recorded_at)
        said = "\n".join((self.meter, self.service or "", plain(self.quantity), instant))
        return sha256(said.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the record at `index` (from 0) cannot be counted."""

    index: int
    field: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class BatchResult:
    """How many records were counted now, and the indexes of those counted before."""

    recorded: int
    duplicates: list[int]


class BatchRefused(Invalid):
    """A batch with a record that cannot be counted; nothing of it was."""

    code = "batch_refused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        ordered = sorted(problems, key=lambda problem: problem.index)
        count = f"{len(ordered)} of its records" if len(ordered) > 1 else "one of its records"
        super().__init__(
            f"Nothing in the batch was recorded: {count} cannot be counted. Correct or leave out "
            "the listed records and send the batch again.",
            errors=[asdict(problem) for problem in ordered],
        )


def quantity_problem(index: int, quantity: Decimal) -> Problem | None:
    """Return why `quantity` cannot be kept exactly; None if it can."""
    if not quantity.is_finite() or quantity < 0 or quantity >= QUANTITY_LIMIT:
        detail = (
            "The quantity must be at least 0 and below 10^20. Correct too much usage with a credit."
        )
        return Problem(index, "quantity", "quantity_out_of_bounds", detail)
    if -int(quantity.normalize().as_tuple().exponent) > DECIMAL_PLACES:
        detail = f"The quantity must have at most {DECIMAL_PLACES} decimal places."
        return Problem(index, "quantity", "quantity_too_fine", detail)
    return None
