"""Break the code on purpose, one small change at a time, and see which changes no test notices.

python bin/mutants.py               every room below; goes on where an earlier run ended
python bin/mutants.py pricing       one room, or a module: billing.carry

The kept tool is mutmut; its working copy is `mutants/`, `make clean` drops it. One PostgreSQL and
one Redis serve all the runs: starting them for each mutant would cost more than its tests.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.services import Services  # noqa: E402  the tests' own machinery

WORK = ROOT / "mutants"
ROOMS = ("pricing", "billing", "sync", "webhooks", "transaction", "jobs")
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
    """Run what is asked for, then print the figures and the survivors."""
    wanted = sys.argv[1:] or list(ROOMS)
    servers = Services()
    servers.start()
    try:
        command = [str(ROOT / ".venv" / "bin" / "mutmut"), "run", "--max-children", "2"]
        ended = subprocess.run([*command, *map(pattern, wanted)], cwd=ROOT, env=environment())
    finally:
        servers.stop()
    rooms = {room_of(pattern(one)) for one in wanted}
    report(mutant for mutant in read() if mutant.room in rooms)
    return ended.returncode


def pattern(wanted: str) -> str:
    """Return what mutmut calls the mutants of a room or a module."""
    top = wanted.split(".")[0]
    return f"{wanted}*" if top in ("jobs", "dashboard") else f"dashboard.{wanted}*"


def room_of(name: str) -> str:
    """Return the room of a module or mutant: pricing of dashboard.pricing.terms."""
    parts = name.rstrip("*").split(".")
    return parts[0] if parts[0] == "jobs" else parts[1]


def environment() -> dict[str, str]:
    """Return the environment of the tests: fewer made-up histories, and the same each time."""
    return {"LAW_EXAMPLES": "10", **os.environ, "HYPOTHESIS_DERANDOMIZE": "1"}


def read() -> Iterator[Mutant]:
    """Yield every mutant that mutmut has made, as its own records say."""
    for record in sorted(WORK.rglob("*.py.meta")):
        for name, ended in json.loads(record.read_text())["exit_code_by_key"].items():
            yield Mutant(name, room_of(name), ended)


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
        share = f"{killed / len(done):.0%}" if done else ""
        left = f"  ({len(theirs) - len(done)} not yet run)" if len(done) < len(theirs) else ""
        print(f"{room:<14}{len(done):>8}{killed:>8}{counts[0]:>10}{counts[1]:>10}{share:>8}{left}")


if __name__ == "__main__":
    sys.exit(main())
