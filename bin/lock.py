"""Compile requirements/*.in to locked files with hashes and without addresses; `make lock`.

`python bin/lock.py --upgrade` takes newer versions where the .in files allow them.
"""

import re
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
FLAGS = [
    "--quiet",
    "--no-emit-index-url",
    "--no-emit-trusted-host",
    "--no-emit-find-links",
    "--no-header",
    "--no-annotate",
    "--generate-hashes",
    "--strip-extras",
    "--allow-unsafe",
]
ENVIRONMENTS = ("base", "embedded", "dev")
# One wheel each, without what it needs: the scheduler goes into the environment, the others are
# unpacked beside it for the files in them.
WHEELS = ("fonts", "node", "redis", "schema", "scheduler")


def main() -> None:
    """Compile every layer, the lower ones first: the upper ones include them."""
    for layer in (*ENVIRONMENTS, *WHEELS):
        lock = REQUIREMENTS / f"{layer}.txt"
        command = [sys.executable, "-m", "piptools", "compile", *FLAGS, *sys.argv[1:]]
        subprocess.run(
            [*command, f"--output-file={lock.name}", f"{layer}.in"], cwd=REQUIREMENTS, check=True
        )
        if layer in WHEELS:
            lock.write_text(only_the_named(lock, REQUIREMENTS / f"{layer}.in"))
        print(f"requirements/{lock.name}")


def only_the_named(lock: Path, wanted: Path) -> str:
    """Return the entries of `lock` whose package is named in `wanted`."""
    lines = wanted.read_text().splitlines()
    names = {line.strip().lower() for line in lines if line and not line.startswith("#")}
    entries = re.split(r"\n(?=[A-Za-z0-9])", lock.read_text())
    kept = [entry.split("\n\n")[0].rstrip() for entry in entries if entry.split("==")[0] in names]
    return "\n".join(kept) + "\n"


if __name__ == "__main__":
    main()
