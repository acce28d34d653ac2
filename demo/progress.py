"""How a command that `make run` waits for tells how far it is, among what else it prints."""

from __future__ import annotations

import sys

MARK = "> "


def progress(text: str) -> None:
    """Tell whoever waits how far we are."""
    sys.stdout.write(f"{MARK}{text}\n")
    sys.stdout.flush()


def told(output: str) -> list[str]:
    """Return what a command told on the way; a line that is not whole yet is left for later."""
    lines = output.split("\n")[:-1]
    return [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]


def result(output: str) -> str:
    """Return what else it printed."""
    return "\n".join(line for line in output.splitlines() if not line.startswith(MARK)).strip()
