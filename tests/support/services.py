"""One real PostgreSQL and one real Redis per test session, shared by all its xdist workers.

The process that the tester started (xdist's controller, or plain pytest) starts them and stops
them; the workers find them through the environment. Each worker has its own database, copied from
a migrated template, and its own numbered Redis database.

The server lives in a zone with daylight saving time, and this machine seems to be in a third one:
so every test also shows that neither decides a bill. The server of `make run` is in UTC.
"""

import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from dashboard.sandbox.embedded.postgres import EmbeddedPostgres
from dashboard.sandbox.embedded.redis import EmbeddedRedis
from tests.support.database import copy_database
from tests.support.template import TEMPLATE, restore_template

ROOT = Path(__file__).resolve().parents[2]
SESSIONS = ROOT / "build" / "tests"
ADDRESSES = ("TESTS_POSTGRES_URL", "TESTS_REDIS_URL")
SERVER_ZONE = "America/Los_Angeles"
MACHINE_ZONE = "Asia/Kolkata"


@dataclass(frozen=True)
class Worker:
    """The two databases of one pytest process."""

    database_url: str
    redis_url: str


class Services:
    """The servers of one test session, in a directory that goes when they stop."""

    def __init__(self) -> None:
        self.directory = SESSIONS / str(os.getpid())
        logs = self.directory / "logs"
        self.postgres = EmbeddedPostgres(
            self.directory / "postgres",
            log=logs / "postgres.log",
            durable=False,
            time_zone=SERVER_ZONE,
        )
        self.redis = EmbeddedRedis(self.directory / "redis", log=logs / "redis.log", durable=False)

    def start(self) -> None:
        """Start both and tell the workers where they are."""
        os.environ["TZ"] = MACHINE_ZONE
        time.tzset()
        sweep()
        restore_template(self.postgres.data)
        self.postgres.start()
        self.redis.start()
        os.environ["TESTS_POSTGRES_URL"] = self.postgres.url("{database}")
        os.environ["TESTS_REDIS_URL"] = self.redis.url()

    def stop(self) -> None:
        """Stop both and remove their data."""
        self.redis.stop()
        self.postgres.stop(fast=signal.SIGQUIT)
        for address in ADDRESSES:
            os.environ.pop(address, None)
        shutil.rmtree(self.directory, ignore_errors=True)


def worker_services(worker_id: str) -> Worker:
    """Return the databases of the xdist worker `worker_id` ("master" without xdist), made now."""
    postgres_url = os.environ["TESTS_POSTGRES_URL"]
    database = f"billing_{worker_id}"
    copy_database(postgres_url, TEMPLATE, database)
    number = int(worker_id.removeprefix("gw")) + 1 if worker_id.startswith("gw") else 0
    redis_url = os.environ["TESTS_REDIS_URL"].replace("db=0", f"db={number}")
    return Worker(postgres_url.format(database=database), redis_url)


def sweep() -> None:
    """Remove what sessions that were killed left behind."""
    for directory in SESSIONS.glob("*"):
        if directory.name.isdigit() and not psutil.pid_exists(int(directory.name)):
            shutil.rmtree(directory, ignore_errors=True)
