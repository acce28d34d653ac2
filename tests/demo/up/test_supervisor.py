"""Parts are started in order, restarted when they die, and stopped in the reverse order."""

import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from demo.embedded.errors import EmbeddedError
from demo.up import supervisor as module
from demo.up.part import Command, Part, Task
from demo.up.settings import CannotStart
from demo.up.supervisor import Stopped, Supervisor


@dataclass
class Recorder:
    """A server that only notes what it was told; `lives` is how often it survives its start."""

    name: str
    told: list[str]
    lives: int = 1
    starts: int = field(default=0)

    def start(self) -> None:
        self.starts += 1
        self.told.append(f"start {self.name}")

    def stop(self) -> None:
        self.told.append(f"stop {self.name}")

    def is_running(self) -> bool:
        return self.starts > 0 and self.starts % 2 == self.lives % 2


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    """A supervisor that does not wait, and leaves the signals of the test process alone."""
    monkeypatch.setattr(module, "PULSE_SECONDS", 0.0)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    return Supervisor()


def part(name: str, server: object, *, is_vital: bool = True) -> Part:
    """Return a part without a note whose log is empty."""
    return Part(name, server, "", Path("/nonexistent"), is_vital=is_vital)  # type: ignore[arg-type]


def test_the_last_one_started_is_stopped_first(supervisor: Supervisor) -> None:
    told: list[str] = []
    for name in ("first", "second"):
        supervisor.start(part(name, Recorder(name, told)))
    supervisor.stop()
    assert told == ["start first", "start second", "stop second", "stop first"]


def test_parts_of_a_group_do_not_wait_for_each_other(supervisor: Supervisor) -> None:
    told: list[str] = []
    slow = part("Web", Recorder("web", told))
    slow.is_ready = lambda: "start worker" in told
    supervisor.start(slow, part("Worker", Recorder("worker", told)))
    assert told == ["start web", "start worker"]


def test_a_vital_part_that_ends_stops_the_start(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CannotStart, match="Web is required"):
        supervisor.start(part("Web", Recorder("web", [], lives=0)))
    assert "Web          failed" in capsys.readouterr().out


def test_another_part_that_ends_is_only_told(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor.start(part("Worker", Recorder("worker", [], lives=0), is_vital=False))
    assert "Worker       failed" in capsys.readouterr().out


def test_a_part_that_died_is_started_again(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command = Command([sys.executable, "-c", "input()"], tmp_path / "log", {})
    supervisor.groups.append((part("Worker", command),))
    watch_some(supervisor, 1)
    assert "Worker       restarted" in capsys.readouterr().out
    supervisor.stop()
    assert not command.is_running()


def test_a_part_that_ends_at_every_start_is_given_up(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(10_000))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    server = Recorder("worker", [], lives=0)
    server.is_running = lambda: False  # type: ignore[method-assign]
    supervisor.groups.append((part("Worker", server),))
    watch_some(supervisor, 60)
    assert server.starts == module.RESTARTS_PER_MINUTE
    assert "stops at every start" in capsys.readouterr().out


def test_an_embedded_server_that_cannot_start_is_reported(supervisor: Supervisor) -> None:
    class Broken(Recorder):
        def start(self) -> None:
            raise EmbeddedError("no disk")

    with pytest.raises(CannotStart, match="PostgreSQL is required"):
        supervisor.start(part("PostgreSQL", Broken("postgres", [])))


def test_a_task_gives_back_what_it_printed(supervisor: Supervisor, tmp_path: Path) -> None:
    task = Task("Demo", [sys.executable, "-c", "print('ada')"], tmp_path / "log", {})
    assert supervisor.run(task) == "ada"


def test_a_task_that_was_begun_earlier_is_waited_for(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    task = Task("Demo", [sys.executable, "-c", "print('ada')"], tmp_path / "log", {})
    supervisor.begin(task)
    told: list[str] = []
    supervisor.start(part("Worker", Recorder("worker", told)))
    assert told == ["start worker"]
    assert supervisor.run(task) == "ada"
    assert supervisor.begun == {}


def test_a_stop_ends_a_task_that_still_runs(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.begin(
        Task("Demo", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "log", {})
    )
    [(running, _)] = supervisor.begun.values()
    assert running.poll() is None
    supervisor.stop()
    assert running.poll() is not None


def test_a_vital_task_that_fails_stops_the_start(supervisor: Supervisor, tmp_path: Path) -> None:
    task = Task("Migrations", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "log", {})
    with pytest.raises(CannotStart, match="Migrations"):
        supervisor.run(task)


def test_being_told_to_stop_ends_the_watch(supervisor: Supervisor) -> None:
    supervisor.told_to_stop = True
    with pytest.raises(Stopped):
        supervisor.watch()


def test_it_stops_when_make_is_gone(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKELEVEL", "1")
    supervisor.parent = -1
    with pytest.raises(Stopped):
        supervisor.pulse()


def watch_some(supervisor: Supervisor, rounds: int) -> None:
    """Let the supervisor look at its parts `rounds` times."""
    left = iter(range(rounds))

    def pulse(_seconds: float = 0) -> None:
        if next(left, None) is None:
            raise Stopped

    supervisor.pulse = pulse  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        supervisor.watch()
