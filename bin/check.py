"""Run the named checks, all of them even after a failure, and end with a table and one count.

python bin/check.py lint    what can be told from the text alone
python bin/check.py fast    that and the tests without a browser and without killed processes
python bin/check.py all     everything
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
PYTEST = ["pytest", "-n", "2", "--dist", "worksteal", "-q", "-rs"]
NOT_MIGRATIONS = "--ignore=tests/test_migrations.py"
COUNTS = re.compile(r"(\d+) (passed|failed|skipped|error)")


@dataclass
class Step:
    """A check, how it went, and how many tests it counted."""

    name: str
    command: list[str]
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    ok: bool = False

    @property
    def is_test(self) -> bool:
        """Whether it counts tests; the other steps count as one each."""
        return self.command[0] == "pytest"


def lint_steps() -> list[Step]:
    """Return what can be told from the text alone."""
    return [
        Step("format", ["ruff", "format", "--check", "--quiet", "."]),
        Step("lint", ["ruff", "check", "--quiet", "."]),
        Step("types", ["mypy"]),
        Step("imports", ["lint-imports"]),
        Step("templates", ["djlint", "templates", "simulator/pages/templates", "--lint"]),
    ]


def steps(which: str) -> list[Step]:
    """Return the checks of `lint`, `fast` or `all`."""
    migrations = Step("migrations", ["pytest", "-q", "tests/test_migrations.py"])
    if which == "lint":
        return lint_steps()
    if which == "fast":
        tests = Step("tests", [*PYTEST, NOT_MIGRATIONS, "-m", "not browser and not fault"])
        return [*lint_steps(), migrations, tests]
    programs = [
        Step("browser", ["python", "bin/browser.py"]),
        Step("pooler", ["python", "bin/pgbouncer.py"]),
    ]
    # More made-up histories than a quick run has; `make laws` tries many more.
    os.environ.setdefault("LAW_EXAMPLES", "15")
    return [*lint_steps(), *programs, migrations, Step("tests", [*PYTEST, NOT_MIGRATIONS])]


def run(step: Step) -> None:
    """Run one check; show what a failing one printed, and tests as they go."""
    print(f"-- {step.name}", flush=True)
    started = monotonic()
    command = [str(BIN / step.command[0]), *step.command[1:]]
    running = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines = []
    for line in running.stdout or ():
        lines.append(line)
        if step.is_test:
            print(line, end="", flush=True)
    step.ok = running.wait() == 0
    step.seconds = monotonic() - started
    if not step.ok and not step.is_test:
        print("".join(lines), end="", flush=True)
    step.counts = counts(step, lines[-1] if lines else "")


def counts(step: Step, last_line: str) -> dict[str, int]:
    """Return how many passed, failed and were skipped, from pytest's closing line."""
    if not step.is_test:
        return {"passed": 1} if step.ok else {"failed": 1}
    found = {word: int(number) for number, word in COUNTS.findall(last_line)}
    if not step.ok and not found.keys() & {"failed", "error"}:
        found["failed"] = 1
    return found


def table(done: list[Step]) -> None:
    """Print each check with its time and result."""
    print(f"\n{'step':<12}{'seconds':>8}  result")
    for step in done:
        details = ", ".join(f"{number} {word}" for word, number in step.counts.items())
        result = "ok" if step.ok else "FAILED"
        print(f"{step.name:<12}{step.seconds:>8.1f}  {result:<7} {details if step.is_test else ''}")


def closing_line(done: list[Step]) -> str:
    """Return the count of everything: tests, and each other check as one."""
    total = {
        word: sum(step.counts.get(word, 0) for step in done)
        for word in ("passed", "failed", "skipped", "error")
    }
    failed = total["failed"] + total["error"]
    return f"{total['passed']} passed, {failed} failed, {total['skipped']} skipped"


def main() -> int:
    """Run the checks named on the command line; 0 when all of them are well."""
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = steps(sys.argv[1] if len(sys.argv) > 1 else "all")
    for step in done:
        run(step)
    table(done)
    print(closing_line(done))
    return 0 if all(step.ok for step in done) else 1


if __name__ == "__main__":
    sys.exit(main())
