"""One real PostgreSQL and one real Redis per test session, shared by all its xdist workers.

The process that the tester started (xdist's controller, or plain pytest) starts them and stops
them; the workers find them through the environment. Each worker has its own database, copied from
a migrated template, and its own numbered Redis database.

The server lives in a zone with daylight saving time, and this machine seems to be in a third one:
so every test also shows that neither decides a bill. The server of `make run` is in UTC.
"""

import fcntl
import os
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from demo.embedded.postgres import EmbeddedPostgres
from demo.embedded.redis import EmbeddedRedis
from tests.support.database import copy_database
from tests.support.template import TEMPLATE, restore_template

ROOT = Path(__file__).resolve().parents[2]
SESSIONS = ROOT / "build" / "tests"
ADDRESSES = ("TESTS_POSTGRES_URL", "TESTS_REDIS_URL", "TESTS_POSTGRES_LOG")
SERVER_ZONE = "America/Los_Angeles"
MACHINE_ZONE = "Asia/Kolkata"
SLOTS = SESSIONS / "slots"
# A Redis server has sixteen numbered databases.
MOST_SLOTS = 16


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
        self.log = logs / "postgres.log"
        self.postgres = EmbeddedPostgres(
            self.directory / "postgres",
            log=self.log,
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
        os.environ["TESTS_POSTGRES_LOG"] = str(self.log)

    def stop(self) -> None:
        """Stop both and remove their data."""
        self.redis.stop()
        self.postgres.stop(fast=signal.SIGQUIT)
        for address in ADDRESSES:
            os.environ.pop(address, None)
        shutil.rmtree(self.directory, ignore_errors=True)


def are_lent(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody else started the servers, for many sessions one after the other."""
    return all(address in environment for address in ADDRESSES)


def worker_services() -> Worker:
    """Return databases that no other living process has, made now."""
    number = claim_slot()
    postgres_url = os.environ["TESTS_POSTGRES_URL"]
    database = f"billing_{number}"
    copy_database(postgres_url, TEMPLATE, database)
    redis_url = os.environ["TESTS_REDIS_URL"].replace("db=0", f"db={number}")
    return Worker(postgres_url.format(database=database), redis_url)


@cache
def claim_slot() -> int:
    """Return a number that is this process's own until it ends, however it ends."""
    SLOTS.mkdir(parents=True, exist_ok=True)
    for number in range(MOST_SLOTS):
        # Open, and so locked, as long as the process lives.
        slot = os.open(SLOTS / f"{number}", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(slot)
        else:
            return number
    raise RuntimeError(f"All {MOST_SLOTS} places for tests are taken.")


def sweep() -> None:
    """Remove what sessions that were killed left behind."""
    for directory in SESSIONS.glob("*"):
        if directory.name.isdigit() and not psutil.pid_exists(int(directory.name)):
            shutil.rmtree(directory, ignore_errors=True)
