"""`make run` as its user meets it: it comes up, heals, and goes without a trace."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from demo.embedded.process import start as start_process
from demo.embedded.process import stop
from demo.embedded.sockets import socket_directory
from tests.support.environment import ROOT
from tests.support.stack import free_port

pytestmark = [pytest.mark.fault, pytest.mark.timeout(180)]
PRODUCT = re.compile(r"^(DATABASE_URL|REDIS_URL|STRIPE_|SECRET_KEY|SESSION_|MAKELEVEL)")


@dataclass
class Run:
    """A running `python -m demo.up` and what it has printed."""

    process: subprocess.Popen[bytes]
    data: Path
    output: Path
    port: int

    def printed(self) -> str:
        return self.output.read_text()

    def wait_for(self, text: str, seconds: float = 90) -> None:
        until(lambda: text in self.printed() or self.process.poll() is not None, seconds)
        assert text in self.printed(), self.printed()

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def processes(self) -> list[str]:
        """The command lines that are there because of this run."""
        marks = (str(self.data), f":{self.port}")
        lines = [" ".join(one.info["cmdline"] or []) for one in psutil.process_iter(["cmdline"])]
        return [line for line in lines if any(mark in line for mark in marks)]


def begin(data: Path, port: int, **more: str) -> Run:
    """Start `make run` without its demo data."""
    kept = {name: value for name, value in os.environ.items() if not PRODUCT.match(name)}
    chosen = {"DATA_DIR": str(data), "PORT": str(port), "SIMULATOR_PORT": str(free_port())}
    environment = {**kept, **chosen, "DEMO": "0", "PYTHONPATH": str(ROOT), **more}
    output = data.parent / f"output-{time.monotonic_ns()}"
    argv = [sys.executable, "-m", "demo.up"]
    # Tests that a script put in the background ignore Ctrl-C, and so would all that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return Run(start_process(argv, log=output, env=environment), data, output, port)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run that has come up."""
    running = begin(tmp_path / "data", free_port())
    running.wait_for("Open http")
    yield running
    stop(running.process, patience_seconds=40)
    # A killed run leaves its sockets, which may be outside of its data.
    shutil.rmtree(socket_directory(running.data), ignore_errors=True)


def test_it_heals_and_a_polite_stop_leaves_nothing(run: Run, tmp_path: Path) -> None:
    assert run.get("/readyz") == 200
    second = begin(run.data, free_port())
    second.wait_for("already running")
    assert second.process.wait(20) == 1
    kill_one(run, "dashboard.worker")
    run.wait_for("Worker       restarted")
    assert open_to_others(run.data) == []
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(60) == 0
    assert "PostgreSQL   stopped" in run.printed()
    until(lambda: run.processes() == [])
    again_on_the_same_data(run)


def open_to_others(data: Path) -> list[Path]:
    """Return what of the data somebody else on this machine may read, or even find."""
    found = (data, *data.rglob("*"))
    kept = [path for path in found if path.is_dir() or path.is_file()]
    assert len(kept) > 100
    return [path for path in kept if path.stat().st_mode & 0o077]


def again_on_the_same_data(first: Run) -> None:
    """A second start finds the data of the first."""
    key = (first.data / "secret-key").read_text()
    again = begin(first.data, first.port)
    again.wait_for("Open http")
    assert (again.data / "secret-key").read_text() == key
    again.process.send_signal(signal.SIGTERM)
    assert again.process.wait(60) == 0


def test_a_killed_run_leaves_nothing_either(run: Run) -> None:
    run.process.kill()
    run.process.wait()
    until(lambda: run.processes() == [])


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = begin(tmp_path / "data", taken.getsockname()[1])
        assert run.process.wait(30) == 1
    assert re.fullmatch(r"Port \d+ is taken \(PORT\); .*", run.printed().strip())
    assert not (run.data / "postgres").exists()


def kill_one(run: Run, module: str) -> None:
    """Kill the leader of a part of the run, as the kernel does when memory is short."""
    for child in psutil.Process(run.process.pid).children():
        if module in " ".join(child.cmdline()):
            child.kill()
            return
    raise AssertionError(f"{module} is not running")


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until `holds()`, at most `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
