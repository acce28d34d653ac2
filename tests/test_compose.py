"""The containers' shape: stores behind passwords, on a network that leads nowhere."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError
from rq_scheduler import Scheduler

from dashboard.guesses import Guesses
from demo.embedded.redis import find_redis
from jobs.health import read_health
from jobs.queues import QUEUES
from jobs.schedule import reconcile
from jobs.single import SingleWorker
from tests.support import deadly
from tests.support.environment import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
STORES = ("postgres", "redis")
PASSWORD = "of-the-test"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A Redis with the very settings of the compose file, and how the product reaches it."""
    told = COMPOSE["configs"]["redis"]["content"].replace("${REDIS_PASSWORD:?}", PASSWORD)
    socket = tmp_path / "s"
    settings = told.replace("/data", str(tmp_path)) + f"port 0\nunixsocket {socket}\n"
    (tmp_path / "redis.conf").write_text(settings)
    program = find_redis()
    assert program
    server = subprocess.Popen([program, tmp_path / "redis.conf"], stdout=subprocess.DEVNULL)
    url = re.sub(r"redis://(.*):\$\{.*\}@.*", rf"unix://\1:{PASSWORD}@{socket}", product_url())
    try:
        wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait(10)


def product_url() -> str:
    """Return the address that the compose file gives the product."""
    return str(COMPOSE["x-app"]["environment"]["REDIS_URL"])


def wait_for(url: str) -> None:
    """Wait until the server answers."""
    for _ in range(200):
        try:
            with Redis.from_url(url) as client:
                client.ping()
        except RedisError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("it does not answer")


def test_a_stranger_in_redis_can_do_nothing(address: str) -> None:
    for stranger in ("unix://", "unix://default:guess@", "unix://billing:guess@"):
        with (
            Redis.from_url(stranger + address.partition("@")[2]) as client,
            pytest.raises(AuthenticationError),
        ):
            client.ping()


def test_the_product_can_do_all_it_needs_in_that_redis_and_nothing_dangerous(
    app: Flask, db: SQLAlchemy, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Redis.from_url(address) as client:
        monkeypatch.setitem(app.extensions, "redis", client)
        reconcile(Scheduler(connection=client))
        deadly.tells_its_process.push(())
        SingleWorker(list(QUEUES), connection=client, app=app).work(burst=True)
        del app.extensions["worker"]
        assert client.exists(deadly.DONE_BY)
        assert not read_health(client).late_queues
        assert Guesses(address).spend({"somebody": "1 per minute"}) is None
        assert list(client.scan_iter("*somebody*"))
        for dangerous in ("FLUSHALL", "CONFIG GET *", "KEYS *", "SHUTDOWN"):
            with pytest.raises(NoPermissionError):
                client.execute_command(*dangerous.split())


def test_the_stores_are_reached_by_the_products_processes_alone() -> None:
    services = COMPOSE["services"]
    assert COMPOSE["networks"]["stores"]["internal"] is True
    for store in STORES:
        assert services[store]["networks"] == ["stores"]
        assert "ports" not in services[store]
        assert any("PASSWORD:?" in str(one) for one in services[store]["environment"].values())
    reach = {name for name, one in services.items() if "stores" in one.get("networks", [])}
    assert reach == {"postgres", "redis", "migrate", "web", "worker", "scheduler"}


def test_only_the_web_is_published_and_only_on_this_machine() -> None:
    published = {name: one["ports"] for name, one in COMPOSE["services"].items() if "ports" in one}
    assert published == {"web": ["127.0.0.1:${PORT:-8000}:8000"]}


def test_no_password_is_on_a_command_line() -> None:
    assert not [name for name, one in COMPOSE["services"].items() if "$" in str(one.get("command"))]
