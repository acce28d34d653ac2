"""Whoever writes to Redis writes jobs: only declared tasks with plain numbers ever run."""

import json
import pickle
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from redis.exceptions import ResponseError
from rq.utils import utcformat
from sqlalchemy import func, select
from structlog.testing import capture_logs

from dashboard.clock import utc_now
from dashboard.sync.models import SyncRun
from jobs import declared, marks
from jobs.declared import DeclaredJob
from jobs.giving_back import give_back
from jobs.health import read_health
from jobs.queues import QUEUES, key_of, queue_named
from jobs.single import SingleWorker
from tests.support import deadly
from tests.support.working_off import work_off

CALLED: list[object] = []
NAME = deadly.tells_its_process.path


def call(*arguments: object) -> None:
    """Be called, as nothing in this file should be."""
    CALLED.append(arguments)


class Bomb:
    """Calls something when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return call, ("unpickled",)


@pytest.fixture(autouse=True)
def nothing_is_called() -> Iterator[None]:
    """See to it that no test of these has something called."""
    CALLED.clear()
    yield
    assert CALLED == []


def write(redis: Redis, data: bytes, job_id: str = "foreign", **more: str | bytes) -> None:
    """Write a job by hand, as somebody who has reached Redis does."""
    now = utcformat(utc_now())
    fields = {"created_at": now, "enqueued_at": now, "status": "queued", "origin": "closing"}
    redis.hset(f"rq:job:{job_id}", mapping={**fields, "data": data, **more})
    redis.rpush(key_of("closing"), job_id)


def as_json(*parts: object) -> bytes:
    """Return a job's four parts as RQ keeps them."""
    return zlib.compress(json.dumps(parts).encode())


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps((NAME, None, (Bomb(),), {})),
        zlib.compress(pickle.dumps((NAME, None, (), {}))),
        as_json("os.getpid", None, [], {}),
        as_json(f"{__name__}.call", None, [], {}),
        as_json(NAME.replace("tells", "telling"), None, [], {}),
        as_json([NAME], None, [], {}),
        as_json(NAME, "an instance", [], {}),
        as_json(NAME, None, ["1"], {}),
        as_json(NAME, None, [True], {}),
        as_json(NAME, None, [1.5], {}),
        as_json(NAME, None, [[1]], {}),
        as_json(NAME, None, {"1": 1}, {}),
        as_json(NAME, None, [], {"ids": 1}),
        as_json(NAME, None, [1] * 10_001, {}),
        as_json(NAME),
        zlib.compress(b'["' + b"x" * 10_000_000 + b'"]'),
        b"[" * 100_000,
        b"\xff\xfe",
        b"",
    ],
)
def test_a_foreign_job_is_refused_and_kept_and_the_worker_goes_on(
    worker: SingleWorker, db: SQLAlchemy, redis: Redis, data: bytes
) -> None:
    write(redis, data)
    deadly.tells_its_process.push((), "closing")
    with capture_logs() as logs:
        work_off(worker)
    assert redis.exists(deadly.DONE_BY)
    assert queue_named("closing", redis).failed_job_registry.get_job_ids() == ["foreign"]
    assert redis.hget("rq:job:foreign", "status") == b"failed"
    [told] = [one for one in logs if one["event"] == "foreign_job_refused"]
    assert len(str(told)) < 400


@pytest.mark.parametrize(
    "more",
    [
        {"meta": pickle.dumps(Bomb()), "result": pickle.dumps(Bomb())},
        {"success_callback_name": f"{__name__}.call", "failure_callback_name": f"{__name__}.call"},
        {"webhooks": json.dumps([{"url": "http://127.0.0.1:9/", "job_status": "finished"}])},
        {"rate_limit_key": "one", "rate_limit_concurrency": "1", "group_id": "one"},
        {"dependency_ids": json.dumps(["foreign"])},
        {"timeout": "9" * 30},
        {"timeout": "-5"},
        {"result_ttl": "9" * 30},
    ],
    ids=lambda more: next(iter(more)),
)
def test_nothing_else_that_a_job_names_is_read_called_or_fetched(
    worker: SingleWorker, db: SQLAlchemy, redis: Redis, more: dict[str, str | bytes]
) -> None:
    write(redis, as_json(NAME, None, [], {}), **more)
    work_off(worker)
    assert redis.exists(deadly.DONE_BY)


def test_a_refused_job_is_not_tried_again_and_again(
    worker: SingleWorker, db: SQLAlchemy, redis: Redis
) -> None:
    write(redis, b"?", retries_left="1000000", failure_ttl="1")
    work_off(worker)
    assert redis.hget("rq:job:foreign", "status") == b"failed"
    assert redis.ttl("rq:job:foreign") == -1 or redis.ttl("rq:job:foreign") > 86400


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "asleep"},
        {"created_at": "yesterday"},
        {"timeout": "soon"},
        {"origin": b"\xff"},
        {"origin": "no queue of ours"},
    ],
    # A name with a backslash is none that mutmut can ask for again.
    ids=["status", "created", "timeout", "bytes", "queue"],
)
def test_a_job_that_can_not_even_be_read_fails_alone(
    worker: SingleWorker, db: SQLAlchemy, redis: Redis, broken: dict[str, str | bytes]
) -> None:
    write(redis, b"?", **broken)
    deadly.tells_its_process.push((), "closing")
    work_off(worker)
    assert redis.exists(deadly.DONE_BY)
    assert queue_named("closing", redis).failed_job_registry.get_job_ids() == ["foreign"]


def test_what_is_no_job_at_all_is_passed_over(
    worker: SingleWorker, db: SQLAlchemy, redis: Redis
) -> None:
    redis.set("rq:job:text", "no hash")
    redis.rpush(key_of("closing"), "text", "gone", "not an id!", "a:b", b"\xff\xfe", b"")
    deadly.tells_its_process.push((), "closing")
    work_off(worker)
    assert redis.exists(deadly.DONE_BY)


@pytest.mark.parametrize("ids", [[], [0], [-1], [2**63], [10**300], [1, 1, 1], [0] * 5000], ids=len)
def test_no_numbers_make_a_declared_task_end_its_worker(
    worker: SingleWorker, db: SQLAlchemy, redis: Redis, ids: list[int]
) -> None:
    taking = ("cycles.roll_one", "cycles.roll_batch", "inbox.process_event", "inbox.process_events",
              "inbox.replay_event", "syncs.sync_run", "syncs.sync_batch")  # fmt: skip
    for name in taking:
        write(redis, as_json(f"jobs.{name}", None, ids, {}), name)
    deadly.tells_its_process.push((), "closing")
    work_off(worker)
    assert redis.exists(deadly.DONE_BY)
    assert db.session.scalar(select(func.count()).select_from(SyncRun)) == 0


def test_what_a_dead_worker_had_of_a_foreign_job_is_given_back_unread(
    app: Flask, worker: SingleWorker, db: SQLAlchemy, redis: Redis
) -> None:
    write(redis, pickle.dumps((NAME, None, (Bomb(),), {})), meta=pickle.dumps(Bomb()))
    [job] = queue_named("closing", redis).jobs
    worker.prepare_execution(job)
    redis.hset(job.key, "status", "started")
    give_back(app, [worker.name])
    assert redis.hget("rq:job:foreign", "status") == b"failed"
    worker.register_birth()


def test_every_task_of_the_product_is_declared_in_a_worker() -> None:
    """Also in a module that no other one imports."""
    written = sum(
        one.read_text().count("@job(") for one in Path(declared.__file__).parent.glob("*.py")
    )
    tell = "from jobs.declared import *; load_tasks(); print(len(TASKS))"
    done = subprocess.run([sys.executable, "-c", tell], capture_output=True, check=True)
    assert int(done.stdout) == written > 10


FIELDS = st.sampled_from([*sorted(declared.READ), b"meta", b"exc_info", b"webhooks"])


@given(st.dictionaries(FIELDS, st.binary(max_size=40)))
def test_no_hash_makes_reading_a_job_fail(fields: dict[bytes, bytes]) -> None:
    job = DeclaredJob("one", Redis())
    job.restore({b"data": b"?", **fields})
    assert (job.refusal is None) or job.args == ()
    assert isinstance(job.func_name, str)
    assert job.success_callback is job.failure_callback is job.stopped_callback is None


def test_a_job_of_ours_is_json_and_says_what_it_is(db: SQLAlchemy, redis: Redis) -> None:
    deadly.tells_its_process.put(redis, "ours", (7, 8), "closing")
    data = redis.hget("rq:job:ours", "data") or b""
    assert json.loads(zlib.decompress(data)) == [NAME, None, [7, 8], {}]
    [job] = queue_named("closing", redis).jobs
    assert (job.func_name, job.args) == (NAME, (7, 8))
    assert marks.alive(redis, {"ours"}) == {"ours"}
    assert all(key_of(name).startswith("rq:tasks:") for name in QUEUES)


def test_what_is_no_time_breaks_neither_the_figures_nor_the_queueing(
    db: SQLAlchemy, redis: Redis
) -> None:
    write(redis, b"?", enqueued_at="soon", last_heartbeat="\xff")
    redis.set(deadly.tells_its_process.mark(()), "foreign")
    assert read_health(redis).late_queues == []
    redis.delete(key_of("closing"))
    deadly.tells_its_process.push(())
    assert queue_named("scheduled", redis).count == 1


def test_a_redis_that_refuses_to_answer_loses_no_job(
    db: SQLAlchemy, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_key: str) -> None:
        raise ResponseError("NOPERM this user has no permissions")

    deadly.tells_its_process.push((), "closing")
    [job_id] = queue_named("closing", redis).job_ids
    monkeypatch.setattr(redis, "hgetall", refuses)
    with pytest.raises(ResponseError, match="NOPERM"):
        DeclaredJob.fetch(job_id, connection=redis)
