"""The table for people and build/bench.json for machines."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.registry import Figure

ROOT = Path(__file__).resolve().parent.parent
JSON = ROOT / "build" / "bench.json"
COLUMNS = ("figure", "value", "unit", "at most", "at least", "floor", "ratio", "runs", "")


def show(figures: Sequence[Figure]) -> None:
    """Print the figures as a table."""
    rows = [COLUMNS, *(row(figure) for figure in figures)]
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(COLUMNS))]
    for cells in rows:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        print("  ".join(padded).rstrip(), flush=True)


def row(figure: Figure) -> tuple[str, ...]:
    """Return the cells of one figure."""
    sides = (figure.bound, figure.at_least, figure.floor, figure.ratio)
    numbers = [number(value) for value in sides]
    verdict = "" if figure.is_kept else "NOT KEPT"
    return (figure.name, number(figure.value), figure.unit, *numbers, str(figure.runs), verdict)


def number(value: float | None) -> str:
    """Return a number with three significant digits or none for a whole one."""
    if value is None:
        return "-"
    return str(int(value)) if value == int(value) else f"{value:.3g}"


def write(figures: Iterable[Figure]) -> None:
    """Write the figures and what they were measured on to build/bench.json."""
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    entries = [
        {
            "name": figure.name,
            "value": figure.value,
            "unit": figure.unit,
            "bound": figure.bound,
            "at_least": figure.at_least,
            "floor": figure.floor,
            "ratio": figure.ratio,
            "runs": figure.runs,
        }
        for figure in figures
    ]
    JSON.parent.mkdir(exist_ok=True)
    JSON.write_text(json.dumps({"machine": machine, "figures": entries}, indent=2) + "\n")
