"""Break the code on purpose, one small change at a time, and see which changes no test notices.

python bin/mutants.py                every room below; goes on where an earlier run ended
python bin/mutants.py pricing        one room
python bin/mutants.py billing.carry  one module, or several, all of its mutants anew
SAMPLE=300 python bin/mutants.py     of each room so many, drawn at random, always the same
python bin/mutants.py important      the forty that would cost most, within five minutes

The kept tool is mutmut. Each room has a working copy of its own, `mutants/pricing`, and is held
against its own tests; `make clean` drops them all. One PostgreSQL and one Redis serve all the runs:
starting them for each mutant would cost more than its tests.
"""

import hashlib
import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bin.important import run_important  # noqa: E402  beside this file
from tests.support.services import Services  # noqa: E402  the tests' own machinery

T = TypeVar("T")

WORK = ROOT / "mutants"
# What a room's guards are: its own tests, and the next ones that lead through it.
TESTS = {
    "pricing": ["tests/pricing"],
    "billing": [
        "tests/billing",
        "tests/services",
        "tests/usage",
        "tests/organizations",
        "tests/webhooks",
    ],
    "sync": ["tests/sync", "tests/jobs"],
    "webhooks": ["tests/webhooks"],
    "usage": [
        "tests/usage",
        "tests/services",
        "tests/billing",
        "tests/api/test_door.py",
        "tests/invariants",
    ],
    "gateway": [
        "tests/gateway",
        "tests/sync",
        "tests/webhooks",
        "tests/simulator/test_conformance.py",
    ],
    "transaction": ["tests/test_transaction.py", "tests/jobs"],
    "jobs": ["tests/jobs", "tests/test_transaction.py"],
}
ARGUMENTS = [
    "-m", "not browser and not fault", "-W", "ignore", "--timeout", "900",
    "--hypothesis-profile", "mutants", "-p", "tests.support.quickest_first",
]  # fmt: skip
SOURCES = ["dashboard", "jobs"]
# A line of prose: how a message is worded is no guard.
PROSE = ['"[^"]* [^"]* [^"]*"']
COPIED = [
    "simulator", "demo", "migrations", "templates", "static", "bin", "benchmarks", "docs",
    "requirements", "wsgi.py", "README.md", "Makefile", ".importlinter", "build/redis",
    "build/schema", "build/stripe-schema.json",
]  # fmt: skip
# mutmut's exit codes of a mutant's tests: 0 nobody noticed, 33 no test runs the function.
SURVIVED, UNTESTED = 0, 33


@dataclass(frozen=True)
class Mutant:
    """One change of a function: mutmut's name for it, and how its tests ended; None: not yet."""

    name: str
    room: str
    ended: int | None

    @property
    def is_killed(self) -> bool:
        """Whether a test failed, hung or crashed because of it."""
        return self.ended not in (None, SURVIVED, UNTESTED)


def main() -> int:
    """Run what is asked for, room after room, then print the figures and the survivors."""
    wanted = sys.argv[1:] or list(TESTS)
    if wanted == ["important"]:
        return with_servers(lambda: run_important(WORK / "important"))
    rooms = list(dict.fromkeys(map(room_of, wanted)))
    size = int(os.environ.get("SAMPLE") or 0)
    ended = with_servers(
        lambda: [run_sample(room, size) if size else run(room, wanted) for room in rooms]
    )
    report(mutant for room in rooms for mutant in (sample(room, size) if size else read(room)))
    return max(ended)


def with_servers(act: Callable[[], T]) -> T:
    """Return what `act` does while one PostgreSQL and one Redis serve all its tests."""
    servers = Services()
    servers.start()
    try:
        return act()
    finally:
        servers.stop()


def room_of(wanted: str) -> str:
    """Return the room of a room or a module: pricing of pricing.terms."""
    room = wanted.removeprefix("dashboard.").split(".")[0]
    if room not in TESTS:
        sys.exit(f"There is no room {room}. Nothing was run. The rooms are {', '.join(TESTS)}.")
    return room


def names_of(room: str, wanted: Iterable[str]) -> list[str]:
    """Return what mutmut calls the mutants of a room's wanted modules; nothing for all of it.

    It goes on only when it is given no names: named mutants are all tried again.
    """
    modules = [one.removeprefix("dashboard.") for one in wanted if room_of(one) == room]
    if room in modules:
        return []
    return [f"{one}.*" if room == "jobs" else f"dashboard.{one}.*" for one in modules]


def run(room: str, wanted: Iterable[str]) -> int:
    """Try what is wanted of a room: all that was not tried yet, or modules; return mutmut's end.

    Together, because mutmut runs and times all the tests of the room each time it begins.
    """
    working_copy(room)
    retry_survivors(room)
    return mutmut(room, names_of(room, wanted))


def run_sample(room: str, size: int) -> int:
    """Try those of a room's sample that were not killed yet; return mutmut's end."""
    working_copy(room)
    retry_survivors(room)
    # It makes the mutants, times the tests, and ends there: nothing has this name.
    mutmut(room, ["none"], quiet=True)
    left = [mutant.name for mutant in sample(room, size) if mutant.ended is None]
    return mutmut(room, left) if left else 0


def sample(room: str, size: int) -> list[Mutant]:
    """Return `size` of a room's mutants, the same ones as long as the room has the same."""
    mutants = sorted(read(room), key=lambda mutant: mutant.name)
    return random.Random(room).sample(mutants, min(size, len(mutants)))  # noqa: S311  repeatable, not secret


def mutmut(room: str, names: list[str], *, quiet: bool = False) -> int:
    """Run mutmut in a room's copy, over everything left if no names are given; return its end."""
    command = [ROOT / ".venv" / "bin" / "mutmut", "run", "--max-children", "2", *names]
    output = subprocess.DEVNULL if quiet else None
    where = WORK / room
    return subprocess.run(
        command, cwd=where, env=environment(), stdout=output, stderr=output
    ).returncode


def working_copy(room: str) -> None:
    """Make a folder that looks like the tree, but for the settings: mutmut reads them there."""
    copy = WORK / room
    copy.mkdir(parents=True, exist_ok=True)
    for entry in {path.split("/")[0] for path in [*SOURCES, "tests", *COPIED]}:
        if not (copy / entry).exists():
            (copy / entry).symlink_to(ROOT / entry)
    (copy / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text() + settings(room))


def retry_survivors(room: str) -> None:
    """Forget how mutants survived other tests than there are now; mutmut would let that stand."""
    files = [file for one in ["tests/support", *TESTS[room]] for file in sources(ROOT / one)]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    noted = WORK / room / "tests.sha256"
    if noted.exists() and noted.read_text() != digest:
        for record in records(room):
            content = json.loads(record.read_text())
            ends = content["exit_code_by_key"]
            ends |= {name: None for name, end in ends.items() if end in (SURVIVED, UNTESTED)}
            record.write_text(json.dumps(content))
    noted.write_text(digest)


def sources(path: Path) -> list[Path]:
    """Return the Python files of a file or folder, in order."""
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def records(room: str) -> list[Path]:
    """Return mutmut's records of a room's modules."""
    return sorted((WORK / room).glob("mutants/**/*.py.meta"))


def settings(room: str) -> str:
    """Return mutmut's settings for a room, as TOML; a list in JSON is one in TOML too."""
    place = "jobs" if room == "jobs" else f"dashboard/{room}"
    table = {
        "source_paths": SOURCES,
        "only_mutate": [f"{place}.py", f"{place}/*.py"],
        "do_not_mutate_patterns": PROSE,
        "also_copy": COPIED,
        "pytest_add_cli_args": ARGUMENTS,
        "pytest_add_cli_args_test_selection": TESTS[room],
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in table.items()]
    return "\n".join(["", "[tool.mutmut]", *lines, ""])


def environment() -> dict[str, str]:
    """Return the environment of the tests: fewer made-up histories."""
    return {"LAW_EXAMPLES": "3", **os.environ}


def read(room: str) -> Iterator[Mutant]:
    """Yield every mutant that mutmut has made of a room, as its own records say."""
    for record in records(room):
        for name, ended in json.loads(record.read_text())["exit_code_by_key"].items():
            yield Mutant(name, room, ended)


def report(mutants: Iterable[Mutant]) -> None:
    """Print the survivors, then a line for each room."""
    by_room: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        by_room.setdefault(mutant.room, []).append(mutant)
    for room in by_room.values():
        for mutant in room:
            if mutant.ended in (SURVIVED, UNTESTED):
                print(f"{'survived' if mutant.ended == SURVIVED else 'untested'}  {mutant.name}")
    print(f"\n{'room':<14}{'mutants':>8}{'killed':>8}{'survived':>10}{'untested':>10}{'share':>8}")
    for room, theirs in by_room.items():
        done = [one for one in theirs if one.ended is not None]
        killed = sum(one.is_killed for one in done)
        counts = [sum(one.ended == code for one in done) for code in (SURVIVED, UNTESTED)]
        share = share_of(killed, len(done)) if done else ""
        left = f"  ({len(theirs) - len(done)} not yet run)" if len(done) < len(theirs) else ""
        print(f"{room:<14}{len(done):>8}{killed:>8}{counts[0]:>10}{counts[1]:>10}{share:>8}{left}")


def share_of(killed: int, count: int) -> str:
    """Return the share killed, for a sample with how far it may be off (95 %)."""
    share = killed / count
    if not os.environ.get("SAMPLE"):
        return f"{share:.0%}"
    return f"{share:.0%} +-{1.96 * math.sqrt(share * (1 - share) / count):.0%}"


if __name__ == "__main__":
    sys.exit(main())
