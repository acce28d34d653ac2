"""The product as its own processes (Stripe simulator, web, worker) on one test's databases."""

import http.client
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from demo.embedded import process
from demo.embedded.errors import tail
from demo.up.probes import answers, has_workers
from tests.support.environment import ROOT, child_environment
from tests.support.services import Worker

READY_SECONDS = 40.0


@dataclass
class Stack:
    """Running processes and where they listen; `env` starts more of the same kind."""

    directory: Path
    url: str
    simulator_url: str
    env: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *arguments: str, ready: Callable[[], bool] | None = None) -> None:
        """Start `python -m <arguments>` under `name` and wait until it is ready."""
        log = self.log(name)
        argv = [sys.executable, "-m", *arguments]
        started = self.processes[name] = process.start(argv, log=log, env=self.env)
        deadline = time.monotonic() + READY_SECONDS
        while ready is not None and not ready():
            if started.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{name} did not come up; its log ends:{tail(log, 30)}")
            time.sleep(0.05)

    def start_worker(
        self, name: str = "worker", *, workers: int = 1, module: str = "dashboard.worker"
    ) -> None:
        """Start a pool of workers and wait for the first of them."""
        ready = has_workers(self.env["REDIS_URL"])
        self.start(name, module, "--workers", str(workers), ready=ready)

    def kill(self, name: str) -> None:
        """Kill a process and all it started, as a power cut would."""
        process.kill(self.processes.pop(name))

    def stop(self, *, keep: Collection[str] = ()) -> None:
        """Stop all but the processes named in `keep`, the last one started first."""
        for name in [name for name in reversed(self.processes) if name not in keep]:
            process.stop(self.processes.pop(name), patience_seconds=5)

    def log(self, name: str) -> Path:
        """The log file of a process."""
        return self.directory / f"{name}.log"


@contextmanager
def standing_stack(services: Worker, directory: Path) -> Iterator[Stack]:
    """Lend a stack whose simulator and web run; they keep nothing of a test but in the stores."""
    stack = new_stack(services, directory)
    try:
        start_simulator(stack)
        start_web(stack)
        yield stack
    finally:
        stack.stop()


@contextmanager
def working(stack: Stack, worker: str = "dashboard.worker") -> Iterator[Stack]:
    """Lend the stack with an empty simulator and a worker that the test may kill."""
    standing = set(stack.processes)
    reset_simulator(stack)
    stack.start_worker(module=worker)
    try:
        yield stack
    finally:
        stack.stop(keep=standing)


def new_stack(services: Worker, directory: Path) -> Stack:
    """Return a stack on free ports with nothing running yet."""
    url, simulator_url = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    env = child_environment(
        services.database_url,
        services.redis_url,
        STRIPE_API_BASE=simulator_url,
        DATA_DIR=str(directory),
        PORT=url.rsplit(":", 1)[1],
        EXTERNAL_URL=url,
    )
    return Stack(directory, url, simulator_url, env)


def start_simulator(stack: Stack) -> None:
    """Start the Stripe simulator, its webhooks going to the stack's web."""
    arguments = ["--port", stack.simulator_url.rsplit(":", 1)[1]]
    arguments += ["--data", str(stack.directory / "stripe")]
    arguments += ["--webhook-url", f"{stack.url}/webhooks/stripe"]
    health = answers(f"{stack.simulator_url}/_simulator/health")
    stack.start("simulator", "simulator.server", *arguments, ready=health)


def start_web(stack: Stack) -> None:
    """Start the web with one process, as quick to start as to stop."""
    arguments = ["--port", stack.url.rsplit(":", 1)[1], "--patience", "1"]
    stack.start("web", "dashboard.web", *arguments, ready=answers(f"{stack.url}/readyz"))


def reset_simulator(stack: Stack) -> None:
    """Empty the simulator and put its clock, faults and webhooks back."""
    connection = http.client.HTTPConnection(urlsplit(stack.simulator_url).netloc, timeout=10)
    try:
        connection.request("POST", "/_simulator/reset")
        answer = connection.getresponse()
        assert answer.status < 300, answer.read()
    finally:
        connection.close()


def free_port() -> int:
    """Return a port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stack_directory(worker_id: str) -> Path:
    """Return where the stacks of one pytest process keep logs and data."""
    directory = ROOT / "build" / "stacks" / worker_id
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory
