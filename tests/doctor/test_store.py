"""What is said of Redis."""

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.connection import UnixDomainSocketConnection

from dashboard.doctor import store
from dashboard.doctor.finding import Finding
from tests.support.tls import behind_tls, certificates


def by_name(redis: Redis) -> dict[str, Finding]:
    """Return the findings by what was looked at."""
    return {one.name: one for one in store.findings(redis)}


def test_the_tests_own_server_keeps_nothing_and_says_so(redis: Redis) -> None:
    found = by_name(redis)
    assert found["persistence"].state == "look"
    assert "appendonly" in found["persistence"].to_do
    assert found["password"].state == "ok"
    assert {found[name].state for name in ("version", "clock of Redis", "memory")} == {"ok"}


def test_a_server_that_does_not_answer_is_the_only_finding() -> None:
    (found,) = store.findings(Redis(port=9))
    assert found.state == "mend"
    assert "REDIS_URL" in found.to_do


@pytest.fixture
def by_network(redis: Redis, tmp_path) -> Iterator[Redis]:
    """The same server as it is reached over a network."""
    assert issubclass(redis.connection_pool.connection_class, UnixDomainSocketConnection)
    authority, *own = certificates(tmp_path)
    with behind_tls(redis.connection_pool.connection_kwargs["path"], *own) as port:
        yield Redis.from_url(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={authority}")


def test_one_that_answers_without_a_password_is_open_to_its_machine(by_network: Redis) -> None:
    found = store.strangers(by_network)
    assert found.state == "look"
    assert "deploy/redis" in found.to_do


def test_one_with_a_password_answers_nobody_without(redis: Redis, by_network: Redis) -> None:
    redis.config_set("requirepass", "a password")
    try:
        by_network.connection_pool.connection_kwargs["password"] = "a password"
        assert by_network.ping()
        assert store.strangers(by_network).state == "ok"
    finally:
        redis.execute_command("AUTH", "a password")
        redis.config_set("requirepass", "")


def test_a_server_that_forgets_when_it_is_full_is_to_be_changed() -> None:
    full = {"maxmemory": 1_000_000, "maxmemory_policy": "allkeys-lru"}
    assert store.memory(full).state == "mend"
    assert store.memory(full | {"maxmemory_policy": "noeviction"}).state == "ok"


def test_a_file_that_cannot_be_written_is_to_be_mended() -> None:
    told = {"aof_enabled": 1, "aof_last_write_status": "err"}
    assert store.persistence(told).state == "mend"
    assert store.persistence(told | {"aof_last_write_status": "ok"}).state == "ok"


def test_a_user_who_may_not_ask_for_the_time_is_told_all_the_rest(redis: Redis) -> None:
    may = ["+info", "+ping", "+select", "+client"]
    redis.acl_setuser("narrow", enabled=True, passwords=["+a password"], commands=may)
    own = redis.connection_pool.connection_kwargs | {"username": "narrow", "password": "a password"}
    try:
        pool = type(redis.connection_pool)(redis.connection_pool.connection_class, **own)
        found = by_name(Redis.from_pool(pool))
    finally:
        redis.acl_deluser("narrow")
    assert found["clock of Redis"].state == "look"
    assert {found[name].state for name in ("version", "memory", "password")} == {"ok"}
