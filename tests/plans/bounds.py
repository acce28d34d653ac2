"""How many buffers of 8 kB what is asked may touch, however many organizations there are.

`per_thousand` of them may come on top where something is asked of every organization: little, or
it would be a list of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.explained import Plans
from tests.support.many import Many


@dataclass(frozen=True)
class Bound:
    """What is asked, and the most that all its statements together may touch."""

    asked: str
    most: int
    per_thousand: int = 0

    def __str__(self) -> str:
        return self.asked

    def of(self, many: Many) -> int:
        """Return the most for so many organizations."""
        return self.most + self.per_thousand * many.organizations // 1000

    def check(self, plans: Plans, many: Many) -> None:
        """Fail with the worst plan where it is more."""
        print(f"{self.asked}: {plans.buffers} buffers, at most {self.of(many)}")  # noqa: T201  `make plans` shows it
        assert plans.buffers <= self.of(many), (
            f"{self.asked} touched {plans.buffers} buffers, at most {self.of(many)}. "
            f"The worst of {len(plans.all)} statements: {plans.worst}"
        )
