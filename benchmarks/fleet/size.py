"""How many organizations and lines a benchmark takes, and the dice that make it always the same."""

import os
import random

VARIABLE = "BENCH_ORGANIZATIONS"
LINES = "BENCH_LINES"


def organizations(usual: int) -> int:
    """Return the number that the environment asks for, else the usual one."""
    return int(os.environ.get(VARIABLE, usual))


def lines(usual: int) -> int:
    """Return how many lines each invoice has: what the environment asks for, else the usual."""
    return int(os.environ.get(LINES, usual))


def dice(seed: int = 1) -> random.Random:
    """Return a source of draws that are the same in every run."""
    return random.Random(seed)  # noqa: S311  repeatable, not secret
