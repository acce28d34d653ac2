"""Make the important mutants one by one and see that a test fails for each."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from bin.important_mutants import IMPORTANT, Important

ROOT = Path(__file__).resolve().parent.parent
CHANGED, SHARED = ("dashboard", "jobs", "tests", "bin"), ("build", "static")
# A mutant may wait for ever.
MOST_SECONDS = 120
PASSED, FAILED = 0, 1
PYTEST = (
    "-m", "pytest", "-q", "-x", "-n", "0", "--no-header", "-W", "ignore", "-p", "no:cacheprovider",
    "--hypothesis-profile", "mutants", "-m", "not browser and not fault",
)  # fmt: skip


def run_important(where: Path) -> int:
    """Print each mutant that no test notices; return 1 if there is one. Servers must be up.

    First the tests run on the code as it is: what fails there anyway would notice everything.
    """
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in (1, 2):
        copies.put(copy_to(where / f"copy-{number}"))
    begun = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        named = sorted({test for one in IMPORTANT for test in one.paths})
        as_it_is = list(
            pool.map(lambda tests: in_a_copy(copies, None, tests), (named[::2], named[1::2]))
        )
        if any(ended != PASSED for ended in as_it_is):
            print("The tests fail on the code as it is. No mutant was made.")
            return 1
        left = 0
        ends = pool.map(lambda one: in_a_copy(copies, one, one.paths), IMPORTANT)
        for one, ended in zip(IMPORTANT, ends, strict=True):
            if ended == PASSED:
                left += 1
                print(f"survived  {one.file}: {one.means}", flush=True)
    took = time.monotonic() - begun
    print(f"\n{len(IMPORTANT) - left} of {len(IMPORTANT)} killed in {took:.0f} s")
    return 1 if left else 0


def copy_to(copy: Path) -> Path:
    """Make a tree of its own of what mutants change and of what reads it; return where."""
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    for entry in ROOT.iterdir():
        if entry.name in CHANGED:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(entry, copy / entry.name, ignore=ignored)
        elif entry.name not in ("mutants", ".git"):
            (copy / entry.name).symlink_to(entry)
    return copy


def in_a_copy(copies: SimpleQueue[Path], one: Important | None, tests: Sequence[str]) -> int:
    """Run tests in a free copy with a mutant, or as it is; return how pytest ended."""
    copy = copies.get()
    try:
        if one is None:
            return pytest(copy, tests, quiet=False)
        with changed(copy / one.file, one):
            ended = pytest(copy, tests)
        if ended not in (PASSED, FAILED):
            raise RuntimeError(f"{one.file}: pytest ended with {ended}. See {copy}.")
        return ended
    finally:
        copies.put(copy)


@contextmanager
def changed(file: Path, one: Important) -> Iterator[None]:
    """Have the change made in a file for as long as the block runs."""
    as_it_is = file.read_text()
    if as_it_is.count(one.old) != 1:
        raise RuntimeError(f"{one.file} does not hold this once: {one.old!r}. Correct the list.")
    file.write_text(as_it_is.replace(one.old, one.new))
    try:
        yield
    finally:
        file.write_text(as_it_is)


def pytest(copy: Path, tests: Sequence[str], *, quiet: bool = True) -> int:
    """Run tests in a copy; return pytest's end, or that it failed when it took too long."""
    command = [str(ROOT / ".venv" / "bin" / "python"), *PYTEST, *tests]
    output = subprocess.DEVNULL if quiet else None
    most = MOST_SECONDS if quiet else None
    try:
        return subprocess.run(
            command, cwd=copy, stdout=output, stderr=output, timeout=most, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return FAILED
