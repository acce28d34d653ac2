"""The list of checks counts what it ran."""

from bin.check import Step, closing_line, counts, steps


def step(name: str, *command: str, ok: bool = True) -> Step:
    """Return a step that has run."""
    return Step(name, list(command), ok=ok)


def test_pytest_is_counted_by_its_closing_line() -> None:
    line = "== 1 failed, 41 passed, 2 skipped, 1 error in 3.21s =="
    found = counts(step("tests", "pytest", ok=False), line)
    assert found == {"failed": 1, "passed": 41, "skipped": 2, "error": 1}


def test_a_pytest_that_broke_before_counting_is_a_failure() -> None:
    assert counts(step("tests", "pytest", ok=False), "INTERNALERROR> boom") == {"failed": 1}


def test_another_check_counts_as_one() -> None:
    assert counts(step("lint", "ruff"), "") == {"passed": 1}
    assert counts(step("lint", "ruff", ok=False), "") == {"failed": 1}


def test_the_closing_line_adds_everything_up() -> None:
    tests, lint = step("tests", "pytest", ok=False), step("lint", "ruff")
    tests.counts, lint.counts = {"passed": 41, "error": 2, "skipped": 3}, {"passed": 1}
    assert closing_line([tests, lint]) == "42 passed, 2 failed, 3 skipped"


def test_everything_is_the_fast_part_with_the_browser_and_the_pooler() -> None:
    fast, everything = ({one.name for one in steps(which)} for which in ("fast", "all"))
    assert everything - fast == {"browser", "pooler"}
