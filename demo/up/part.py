"""A part of the product: something that is started, is ready at some time, and is stopped."""

import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from demo.embedded import process
from demo.progress import result, told


class Server(Protocol):
    """What a supervisor can do with a part."""

    def start(self) -> None:
        """Start it, or raise EmbeddedError or CannotStart."""

    def stop(self) -> None:
        """Stop it; nothing of it is left running."""

    def is_running(self) -> bool:
        """Whether its process is there."""


@dataclass
class Command:
    """A server that is one command of our own."""

    argv: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    patience_seconds: float = 15.0
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the command; it may not be ready yet."""
        self.running = process.start(self.argv, log=self.log, env=self.environment)

    def stop(self) -> None:
        """Ask it to finish what it is doing, then make it end."""
        if self.running is not None:
            process.stop(self.running, ask=signal.SIGTERM, patience_seconds=self.patience_seconds)

    def is_running(self) -> bool:
        """Whether the process is there."""
        return self.running is not None and self.running.poll() is None


@dataclass
class Part:
    """A server with its name, what the state line says of it, and how to tell that it is ready."""

    name: str
    server: Server
    note: str
    log: Path
    is_ready: Callable[[], bool] = lambda: True
    # Without these the product cannot be looked at: when one cannot start, nothing else should.
    is_vital: bool = True
    restarted_at: list[float] = field(default_factory=list)
    is_given_up: bool = False


@dataclass(frozen=True)
class Task:
    """A command that has to end well before the next part starts; what it prints is shown."""

    name: str
    argv: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    is_vital: bool = True

    def begin(self) -> subprocess.Popen[bytes]:
        """Start the command with an empty log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        return process.start(self.argv, log=self.log, env=self.environment)

    def told(self) -> list[str]:
        """How far it has said it is, line by line."""
        return told(self.log.read_text(errors="replace"))

    def output(self) -> str:
        """What else it has printed."""
        return result(self.log.read_text(errors="replace"))
