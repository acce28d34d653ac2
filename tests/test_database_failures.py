"""What the database could not do is told with what to do; only our own faults are 500."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from dashboard import database_failures as failures
from dashboard.accounts.permissions import SCOPES
from dashboard.accounts.tokens import create_token
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from dashboard.database_failures import failure_of
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from tests.pages import page, text_of
from tests.people import browser_of

RAISE = "do $$ begin raise exception 'as a test' using errcode = '{state}'; end $$"
STATES = {
    "40001": failures.CROSSED,
    "40P01": failures.CROSSED,
    "55P03": failures.SLOW,
    "57014": failures.SLOW,
    "25P03": failures.SLOW,
    "25006": failures.READ_ONLY,
    "53300": failures.FULL,
    "53100": failures.FULL,
    "57P01": failures.AWAY,
    "57P03": failures.AWAY,
    "08006": failures.AWAY,
    "08P01": failures.AWAY,
    "58030": failures.AWAY,
    "23505": failures.COLLISION,
    "23503": failures.COLLISION,
    "22003": None,
    "42P01": None,
    "BL001": None,
}


def error_of(statement: str) -> SQLAlchemyError:
    """Return what the database says to it."""
    with pytest.raises(SQLAlchemyError) as raised:
        database.session.execute(text(statement))
    database.session.rollback()
    return raised.value


@pytest.mark.parametrize(("state", "failure"), STATES.items())
def test_each_failure_has_its_answer(db, state, failure):
    assert failure_of(error_of(RAISE.format(state=state))) == failure


def test_a_server_that_is_not_there_is_away():
    with pytest.raises(SQLAlchemyError) as raised:
        create_engine("postgresql+psycopg://nobody@127.0.0.1:9/none").connect()
    assert failure_of(raised.value) == failures.AWAY


def test_a_backend_that_was_ended_is_away(db):
    end = "select pg_terminate_backend(pg_backend_pid())"
    assert failure_of(error_of(end)) == failures.AWAY


def test_waiting_for_a_free_connection_in_vain_is_slow(services):
    address = services.database_url.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(address, pool_size=1, max_overflow=0, pool_timeout=0.1)
    with engine.connect(), pytest.raises(SQLAlchemyError) as raised:
        engine.connect()
    engine.dispose()
    assert failure_of(raised.value) == failures.SLOW


def test_a_fault_of_ours_is_none_of_the_database_s():
    assert failure_of(ValueError("x")) is None


@pytest.fixture
def failing(app, db, redis, monkeypatch):
    """An application whose organizations cannot be read, for the given reason."""

    def make(state: str):
        def fail(*_args, **_more):
            database.session.execute(text(RAISE.format(state=state)))

        monkeypatch.setattr("dashboard.api.caller.organization", fail)
        monkeypatch.setattr("dashboard.views.session.sign_in", fail)
        monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
        return browser_of(app)

    return make


@pytest.fixture
def token(db) -> dict[str, str]:
    """The headers of a caller who may do everything."""
    with transaction():
        secret = create_token("sub-system", SCOPES, actor=SYSTEM, now=utc_now())[1]
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(
    ("state", "status", "seconds"), [("40P01", 503, "1"), ("57014", 503, "5"), ("23505", 409, "5")]
)
def test_a_person_is_told_what_happened_and_when_to_try_again(failing, state, status, seconds):
    form = {"email": "sam@example.com", "password": "anything at all"}
    answer = failing(state).post("/session", data=form)
    assert answer.status_code == status
    assert int(answer.headers["Retry-After"]) >= int(seconds)
    words = text_of(page(answer, status))
    assert failures.TABLE.get(state, failures.COLLISION).happened in words
    assert "Nothing was changed." in words
    assert "as a test" not in words


@pytest.mark.parametrize(
    ("state", "status", "seconds"), [("40P01", 503, "1"), ("57014", 503, "5"), ("23505", 409, "5")]
)
def test_a_caller_is_told_what_happened_and_when_to_try_again(
    failing, token, state, status, seconds
):
    answer = failing(state).get("/api/v1/organizations/acme", headers=token)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, seconds)
    assert answer.json["code"] == "busy"
    assert answer.json["detail"].endswith("Nothing was changed. Send it again.")
