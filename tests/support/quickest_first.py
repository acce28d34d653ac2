"""A pytest plugin for bin/mutants.py: the quickest tests first, by mutmut's own measurements.

mutmut stops at the first test that fails, but names the tests in no order.
"""

import json
from pathlib import Path

import pytest

MEASURED = Path("mutmut-stats.json")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests by how long they took when they were first run."""
    if MEASURED.exists():
        seconds = json.loads(MEASURED.read_text())["duration_by_test"]
        items.sort(key=lambda item: seconds.get(item.nodeid, 0.0))
