"""The named benchmarks, and the figures they bring back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import Flask


@dataclass(frozen=True)
class Figure:
    """One measured value beside what it is held against.

    `bound` is the most that is allowed, `at_least` what a share must reach. `floor` is what the
    same kind of work takes at the least: counted, or measured on this machine in the same run, so
    that the ratio can be compared between machines.
    """

    name: str
    value: float
    unit: str
    runs: int
    bound: float | None = None
    floor: float | None = None
    at_least: float | None = None

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of what it is held against; None where that is zero."""
        sides = (self.bound, self.floor, self.at_least)
        against = next((side for side in sides if side is not None), None)
        return self.value / against if against else None

    @property
    def is_kept(self) -> bool:
        """Whether the value is within its bound, and reaches what it must."""
        is_within = self.bound is None or self.value <= self.bound
        return is_within and (self.at_least is None or self.value >= self.at_least)


Benchmark = Callable[[Flask], Iterable[Figure]]
BENCHMARKS: dict[str, Benchmark] = {}


def benchmark(*names: str) -> Callable[[Benchmark], Benchmark]:
    """Register a function under the names of the figures it measures."""

    def register(measure: Benchmark) -> Benchmark:
        BENCHMARKS.update(dict.fromkeys(names, measure))
        return measure

    return register
