"""The web, and what counts usage behind it, as processes started in the way of `make run`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import current_app

from dashboard.config import Config
from demo.up.part import Command, Part
from demo.up.parts import scheduler, web
from demo.up.settings import Settings
from tests.support.environment import ROOT, child_environment
from tests.support.stack import free_port

DATA = ROOT / "build" / "load"
START_SECONDS = 60.0


@dataclass(frozen=True)
class Web:
    """Where it listens."""

    host: str
    port: int


def address() -> str:
    """Return the address of this benchmark's database, as psycopg wants it."""
    config: Config = current_app.extensions["config"]
    return config.database_url.replace("+psycopg", "", 1)


@contextmanager
def running_web(*, program: str = "dashboard.web", with_scheduler: bool = False) -> Iterator[Web]:
    """Lend a web, or another `program`, on this benchmark's databases, perhaps with a folder."""
    port = free_port()
    settings = Settings(DATA, "127.0.0.1", port, port, False, False, False, False)
    shutil.rmtree(DATA, ignore_errors=True)
    settings.log("web").parent.mkdir(parents=True)
    config = current_app.extensions["config"]
    environment = child_environment(
        address(),
        config.redis_url,
        DATABASE_PREPARED_STATEMENTS="true",
        PORT=str(port),
        DATA_DIR=str(DATA),
        LOG_LEVEL="INFO",
    )
    parts = [_serving(web(settings, environment), program)]
    if with_scheduler:
        parts.append(scheduler(settings, environment))
    try:
        for part in parts:
            part.server.start()
            _wait(part)
        yield Web(settings.host, port)
    finally:
        for part in reversed(parts):
            part.server.stop()


def _serving(part: Part, program: str) -> Part:
    assert isinstance(part.server, Command)
    part.server.argv = [program if one == "dashboard.web" else one for one in part.server.argv]
    return part


def _wait(part: Part) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not part.is_ready():
        assert part.server.is_running(), f"{part.name} ended; see {part.log}"
        assert time.monotonic() < deadline, f"{part.name} does not answer; see {part.log}"
        time.sleep(0.05)
