"""How many organizations a benchmark takes, and the dice that make it the same every time."""

import os
import random

VARIABLE = "BENCH_ORGANIZATIONS"


def organizations(usual: int) -> int:
    """Return the number that the environment asks for, else the usual one."""
    return int(os.environ.get(VARIABLE, usual))


def dice(seed: int = 1) -> random.Random:
    """Return a source of draws that are the same in every run."""
    return random.Random(seed)  # noqa: S311  repeatable, not secret
