"""The named benchmarks, and the figures they bring back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import Flask


@dataclass(frozen=True)
class Figure:
    """One measured value beside what it is held against.

    `bound` is the most that is allowed; `floor` is what the machine needs at the least for the same
    kind of work, measured in the same run, so that the ratio can be compared between machines.
    """

    name: str
    value: float
    unit: str
    runs: int
    bound: float | None = None
    floor: float | None = None

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of its bound or floor; None for a bound of zero."""
        against = self.bound if self.bound is not None else self.floor
        return self.value / against if against else None

    @property
    def is_kept(self) -> bool:
        """Whether the value is within its bound."""
        return self.bound is None or self.value <= self.bound


Benchmark = Callable[[Flask], Iterable[Figure]]
BENCHMARKS: dict[str, Benchmark] = {}


def benchmark(*names: str) -> Callable[[Benchmark], Benchmark]:
    """Register a function under the names of the figures it measures."""

    def register(measure: Benchmark) -> Benchmark:
        BENCHMARKS.update(dict.fromkeys(names, measure))
        return measure

    return register
