"""Small batches are answered before they take a seat, as if the application had done it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from time import sleep

from sqlalchemy import event, func, select, text

from dashboard.accounts.models import ApiToken
from dashboard.accounts.tokens import revoke_token
from dashboard.api import door as at_the_door
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from dashboard.errors import OutcomeUnknown
from dashboard.metrics import REQUEST_SECONDS
from dashboard.services.detach import detach_service
from dashboard.services.models import Service
from dashboard.transaction import transaction
from dashboard.usage.models import UsageKey, UsageRecord, UsageWaiting
from tests.factories import SUPPORT, make_organization
from tests.support.queries import count_queries

END = text("select pg_terminate_backend(:pid)")


def wait_until_somebody_waits(engine):
    """Return once a statement waits for what another transaction writes."""
    waits = text("select exists (select from pg_locks where not granted)")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(1000):
            if connection.scalar(waits):
                return
            sleep(0.01)
    raise AssertionError("nobody waits")


def rows(db):
    """Return how many keys, records and waiting rows are committed."""
    db.session.rollback()
    tables = (UsageKey, UsageRecord, UsageWaiting)
    return [db.session.scalar(select(func.count()).select_from(one)) for one in tables]


def test_a_record_takes_one_statement_and_no_transaction(db, send):
    with count_queries(db.engine) as queries:
        answer = send("second")
    assert answer.json == {"recorded": 1, "duplicates": []}
    assert queries.count == 1
    assert rows(db) == [2, 2, 2]


def test_its_answer_has_the_headers_of_any_other_and_is_counted_among_the_figures(db, send):
    seconds = REQUEST_SECONDS.labels(at_the_door.ENDPOINT)
    before = seconds._sum.get()
    at = utc_now().isoformat()
    there, here = send("a", recorded_at=at), send("a", recorded_at=at)
    assert [answer.json["recorded"] for answer in (there, here)] == [1, 0]
    own = dict.fromkeys(
        ("X-Request-ID", "Content-Length", "RateLimit-Remaining", "RateLimit-Reset")
    )
    assert dict(there.headers) | own == dict(here.headers) | own
    assert there.headers["X-Request-ID"] != here.headers["X-Request-ID"]
    assert seconds._sum.get() > before


def test_a_key_counts_once_and_is_refused_for_anything_else(send):
    at = utc_now().isoformat()
    answers = [send("a", recorded_at=at, quantity=units) for units in ("2", "2", "3")]
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert answers[1].json == {"recorded": 0, "duplicates": [0]}
    assert answers[2].json["errors"][0]["code"] == "key_reused"


def test_a_revoked_token_is_refused_at_once(db, send):
    assert send("a").status_code == 200
    with transaction():
        revoke_token(db.session.scalars(select(ApiToken)).one(), actor=SYSTEM, now=utc_now())
    assert send("b").status_code == 401
    assert rows(db)[0] == 2


def test_a_token_of_another_scope_or_organization_sends_nothing(db, send, caller_with):
    other = make_organization("other")
    db.session.commit()
    reads = caller_with("invoices:read").secret
    others = caller_with("usage:write", organization_id=other.id).secret
    # Twice, as the first use of a token is noted by the application.
    assert [send("a", secret=reads).status_code for _ in range(2)] == [403, 403]
    assert [send("a", secret=others).status_code for _ in range(2)] == [422, 422]
    assert rows(db)[0] == 1


def test_what_changed_since_the_books_were_kept_is_noticed(db, send):
    with transaction():
        service = db.session.scalars(select(Service)).one()
        detach_service(service, at=utc_now() - timedelta(hours=1), now=utc_now(), actor=SUPPORT)
    answer = send("a")
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "not_attached")


def test_one_that_is_wrong_among_many_fails_alone(db, send, monkeypatch):
    send("known")
    all_are_there = Barrier(8)
    accept = at_the_door.Together.__call__

    def together(self, asked):
        all_are_there.wait(10)
        return accept(self, asked)

    monkeypatch.setattr(at_the_door.Together, "__call__", together)
    with ThreadPoolExecutor(8) as pool:
        keys = ["known", *(f"key-{n}" for n in range(7))]
        answers = list(pool.map(lambda key: send(key, quantity="5"), keys))
    assert [answer.status_code for answer in answers] == [422, *[200] * 7]
    assert rows(db)[0] == 9


def test_a_key_that_another_process_is_writing_counts_once(db, send):
    at = utc_now().isoformat()
    with db.engine.connect() as other, ThreadPoolExecutor(1) as pool:
        other.execute(
            text("insert into usage_keys select id, 'a', repeat('0', 64), now() from organizations")
        )
        sent = pool.submit(send, "a", recorded_at=at)
        wait_until_somebody_waits(db.engine)
        other.commit()
        answer = sent.result(10)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "key_reused")
    assert rows(db) == [2, 1, 1]


def test_of_a_lost_connection_the_sender_is_told_to_send_it_again(db, send):
    def lose(_connection, cursor, statement, *_rest):
        if "accepted as materialized" in statement:
            with db.engine.connect() as other:
                other.execute(END, {"pid": cursor.connection.info.backend_pid})

    event.listen(db.engine, "before_cursor_execute", lose)
    try:
        answer = send("a")
    finally:
        event.remove(db.engine, "before_cursor_execute", lose)
    assert (answer.status_code, answer.json["code"]) == (503, OutcomeUnknown.code)
    assert "Retry-After" in answer.headers
    assert send("a").json == {"recorded": 1, "duplicates": []}
