"""What a token may ask in a minute, and how often an address may send one that is none."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from werkzeug.test import Client

from dashboard.accounts.models import ApiToken
from dashboard.accounts.tokens import create_token, revoke_token
from dashboard.allowances import Allowances
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from dashboard.served import behind_proxies
from dashboard.transaction import transaction
from dashboard.wrong_tokens import LOOKS_A_SECOND, WrongTokens
from tests.support.queries import count_queries

NAMES = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


@pytest.fixture
def three_a_minute(app, monkeypatch):
    """Let each token have three requests of a minute, which does not end meanwhile."""
    redis_url, now = app.extensions["config"].redis_url, time.time()
    allowances = Allowances(redis_url, 3, clock=lambda: now)
    monkeypatch.setitem(app.extensions, "allowances", allowances)


def told(answer):
    """Return what an answer says of the allowance, but for the seconds."""
    assert 1 <= int(answer.headers["RateLimit-Reset"]) <= 60
    return [int(answer.headers[name]) for name in NAMES[:2]]


def test_every_answer_to_a_token_says_what_is_left(three_a_minute, caller):
    assert told(caller.get("/prices")) == [3, 2]
    assert told(caller.get("/organizations/nobody")) == [3, 1]
    assert told(caller.post("/prices", {})) == [3, 0]
    refused = caller.get("/prices")
    assert (refused.status_code, refused.json["code"]) == (429, "too_many_requests")
    assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"]
    assert "its 3 requests for this minute" in refused.json["detail"]


def test_at_the_door_it_is_the_same_allowance(three_a_minute, app, caller, acme):
    served = Client(behind_proxies(app))

    def report(key):
        record = {"organization": "acme", "meter": "requests", "key": key, "quantity": "1",
                  "recorded_at": utc_now().isoformat()}  # fmt: skip
        headers = {"Authorization": f"Bearer {caller.secret}"}
        return served.post("/api/v1/usage", json={"records": [record]}, headers=headers)

    assert [told(report(key)) for key in "abc"] == [[3, 2], [3, 1], [3, 0]]
    refused = report("d")
    assert (refused.status_code, refused.json["code"]) == (429, "too_many_requests")
    assert refused.json["errors"] == []


def test_a_record_at_the_door_asks_neither_a_second_statement_nor_redis(app, db, send, monkeypatch):
    def no_redis(*_):
        raise AssertionError("Redis was asked")

    monkeypatch.setattr("redis.connection.Connection.connect", no_redis)
    monkeypatch.setattr("redis.Redis.execute_command", no_redis)
    with count_queries(db.engine) as queries:
        assert send("second").status_code == 200
    assert queries.count == 1


def test_wrong_tokens_at_once_get_no_more_answers_than_one_after_the_other(app, client, db):
    def ask(number):
        with app.app_context():
            return app.test_client().get(
                "/api/v1/prices",
                headers={"Authorization": f"Bearer bd_{number}"},
                environ_base={"REMOTE_ADDR": "198.51.100.7"},
            ).status_code  # fmt: skip

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(40)))
    assert (answers.count(401), answers.count(429)) == (20, 20)


def test_a_wrong_token_of_a_stopped_address_is_not_looked_up_and_a_known_one_passes(
    caller, client, db
):
    assert caller.get("/prices").status_code == 200
    for _ in range(21):
        refused = client.get("/api/v1/prices", headers={"Authorization": "Bearer bd_wrong"})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "Correct the token" in refused.json["detail"]
    with count_queries(db.engine) as queries:
        client.get("/api/v1/prices", headers={"Authorization": "Bearer bd_wrong"})
    assert queries.count == 0
    assert caller.get("/prices").status_code == 200


def test_of_a_stopped_address_a_few_tokens_a_second_are_looked_up(app, caller, client, db):
    moment = 0.0
    app.extensions["wrong_tokens"] = WrongTokens(app.extensions["guesses"], clock=lambda: moment)

    def ask(number):
        headers = {"Authorization": f"Bearer bd_{number}"}
        return client.get("/api/v1/prices", headers=headers).status_code

    assert [ask(number) for number in range(21)] == [401] * 20 + [429]
    with count_queries(db.engine) as queries:
        assert {ask(number) for number in range(100, 140)} == {429}
    assert queries.count == LOOKS_A_SECOND
    assert caller.get("/prices").status_code == 429
    moment += 1
    assert caller.get("/prices").status_code == 200


def test_a_right_token_passes_a_process_that_knows_only_its_neighbor(app, caller, client, db):
    wrong = {"Authorization": "Bearer bd_wrong"}
    assert [client.get("/api/v1/prices", headers=wrong).status_code for _ in range(21)][-1] == 429
    # One that has just begun; what was counted is known to all.
    app.extensions["wrong_tokens"] = WrongTokens(app.extensions["guesses"])
    assert client.get("/api/v1/prices", headers=wrong).status_code == 429
    assert caller.get("/prices").status_code == 200


def test_no_token_at_all_is_no_wrong_one(client, db):
    answers = {client.get("/api/v1/prices").status_code for _ in range(30)}
    assert answers == {401}


@pytest.mark.parametrize("how", ["revoked", "ended"])
def test_a_token_that_ended_is_told_so_at_the_door_too(app, client, caller, acme, how):
    now = utc_now()
    with transaction():
        ends = now + timedelta(seconds=-1) if how == "ended" else None
        token, secret = create_token(
            "metering", ["usage:write", "prices:read"], actor=SYSTEM, now=now, expires_at=ends
        )
        if how == "revoked":
            revoke_token(token, actor=SYSTEM, now=now)
    headers = {"Authorization": f"Bearer {secret}"}
    refused = client.get("/api/v1/prices", headers=headers)
    assert (refused.status_code, refused.json["code"]) == (401, "token_ended")
    assert "metering" in refused.json["detail"]
    assert "Ask an admin" in refused.json["detail"]
    record = {"organization": "acme", "meter": "requests", "key": "k", "quantity": "1",
              "recorded_at": now.isoformat()}  # fmt: skip
    served = Client(behind_proxies(app))
    for _ in range(2):
        answer = served.post("/api/v1/usage", json={"records": [record]}, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (401, "token_ended")


def test_a_token_that_ends_while_it_is_in_use_is_refused_at_the_door_from_then_on(
    app, db, caller, acme, send
):
    """Its use was noted a moment ago, so that the statement at the door is all that looks."""
    assert send("a").status_code == 200
    with transaction():
        db.session.query(ApiToken).update({"expires_at": utc_now()})
    assert send("b").status_code == 401
