"""Time a function often enough that the middle says something."""

import gc
from collections.abc import Callable
from statistics import median
from time import perf_counter


def interleaved_ms(*every: Callable[[], object], runs: int, warm_up: int = 5) -> list[float]:
    """Return the median of each function, in milliseconds, called in turns.

    A neighbour that slows this machine for a while then slows all of them alike.
    """
    for _ in range(warm_up):
        for run in every:
            run()
    rounds = [[_one(run) for run in every] for _ in range(runs)]
    return [median(column) for column in zip(*rounds, strict=True)]


def _one(run: Callable[[], object]) -> float:
    gc.disable()
    try:
        started = perf_counter()
        run()
        return (perf_counter() - started) * 1000
    finally:
        gc.enable()
