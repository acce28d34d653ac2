"""What an embedded server reports when it cannot start."""

from pathlib import Path


class EmbeddedError(Exception):
    """An embedded server did not start; the message says why and what to do."""


def tail(log: Path, lines: int = 8) -> str:
    """Return the last lines of `log`, indented; empty if there is none."""
    if not log.exists():
        return ""
    text = log.read_text(errors="replace").splitlines()[-lines:]
    return "".join(f"\n    {line}" for line in text)
