"""The checks by name: what each assumes, and who says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.gateway.conformance.bench import Bench

Body = Callable[[Bench], None]

UNVERIFIED = "UNVERIFIED"


@dataclass(frozen=True)
class Check:
    """One assumption. `source` is where it is documented, or UNVERIFIED."""

    id: str
    sentence: str
    source: str
    body: Body


class Checks:
    """One file's checks, in the order in which they are written."""

    def __init__(self, area: str) -> None:
        self._area = area
        self.all: list[Check] = []

    def __call__(
        self, name: str, sentence: str, source: str = UNVERIFIED
    ) -> Callable[[Body], Body]:
        """Register the decorated function as the check `<area>.<name>`."""

        def register(body: Body) -> Body:
            self.all.append(Check(f"{self._area}.{name}", sentence, source, body))
            return body

        return register
