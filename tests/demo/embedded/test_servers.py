"""The embedded servers keep their data and never outlive the process that started them."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from demo.embedded import process
from demo.embedded.errors import EmbeddedError
from demo.embedded.postgres import EmbeddedPostgres
from demo.embedded.redis import EmbeddedRedis
from tests.support.environment import ROOT
from tests.support.waiting import eventually

START_BOTH_AND_SLEEP = """
import sys, time
from pathlib import Path
from demo.embedded.postgres import EmbeddedPostgres
from demo.embedded.redis import EmbeddedRedis

data = Path(sys.argv[1])
EmbeddedPostgres(data / "postgres", log=data / "postgres.log").start()
EmbeddedRedis(data / "redis", log=data / "redis.log").start()
time.sleep(60)
"""


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A new cluster that is not running yet."""
    server = EmbeddedPostgres(tmp_path / "postgres", log=tmp_path / "postgres.log")
    yield server
    server.stop()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A new Redis that is not running yet."""
    server = EmbeddedRedis(tmp_path / "redis", log=tmp_path / "redis.log")
    yield server
    server.stop()


def test_postgres_keeps_its_data_over_a_restart(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    postgres.create_database("billing")
    with psycopg.connect(postgres.url("billing")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    postgres.stop()
    postgres.start()
    with psycopg.connect(postgres.url("billing")) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_database_that_exists_is_left_alone(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    postgres.create_database("billing")
    with psycopg.connect(postgres.url("billing"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (one int)")
    postgres.create_database("billing")
    with psycopg.connect(postgres.url("billing")) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_redis_keeps_its_data_over_a_restart(store: EmbeddedRedis) -> None:
    store.start()
    with Redis.from_url(store.url()) as client:
        client.set("kept", "1")
    store.stop()
    store.start()
    with Redis.from_url(store.url()) as client:
        assert client.get("kept") == b"1"


def test_a_directory_too_deep_for_a_socket_works(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    server = EmbeddedRedis(deep / "redis", log=deep / "redis.log")
    server.start()
    server.stop()
    assert not server.socket.parent.exists()


def test_a_server_that_cannot_start_says_why(postgres: EmbeddedPostgres) -> None:
    postgres.data.mkdir()
    (postgres.data / "PG_VERSION").write_text("9")
    with pytest.raises(EmbeddedError, match="PostgreSQL did not start") as raised:
        postgres.start()
    assert str(postgres.data) in str(raised.value)


@pytest.mark.fault
def test_servers_end_with_a_process_that_was_killed(tmp_path: Path) -> None:
    parent = process.start(
        [sys.executable, "-c", START_BOTH_AND_SLEEP, str(tmp_path)],
        log=tmp_path / "parent.log",
        env={"PYTHONPATH": str(ROOT)},
    )
    eventually(lambda: (tmp_path / "sockets" / "redis.sock").exists() and running(tmp_path) >= 2)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    eventually(lambda: running(tmp_path) == 0)


def running(directory: Path) -> int:
    """Return how many processes have `directory` on their command line."""
    found = subprocess.run(["pgrep", "-fc", str(directory)], capture_output=True, check=False)
    return int(found.stdout)
