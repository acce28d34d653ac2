"""What must happen only if the rows exist happens once they do, for everybody."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from dashboard.errors import OutcomeUnknown
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.transaction import after_commit, checkpoint, commit, once, rollback, transaction
from tests.support.billing import make_bill
from tests.support.queries import count_queries

# A deferred trigger runs once COMMIT has been sent.
DIES_AT_COMMIT = (
    """create function end_this_backend() returns trigger language plpgsql as $$
    begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$""",
    """create constraint trigger dies_at_commit after insert on organizations
    deferrable initially deferred for each row execute function end_this_backend()""",
)
MINIMAL = Organization(
    email="billing@acme.example",
    currency="usd",
    cycle_anchor_at=datetime(2026, 4, 1, tzinfo=UTC),
    created_at=datetime(2026, 4, 1, tzinfo=UTC),
)
ORGANIZATIONS = select(func.count()).select_from(Organization)


def seen_by_others() -> int:
    """Return how many organizations another connection sees."""
    with database.engine.connect() as other:
        return other.scalar(ORGANIZATIONS) or 0


@pytest.mark.parametrize("end", [commit, checkpoint])
def test_an_action_sees_the_rows_from_another_connection(db: SQLAlchemy, end: object) -> None:
    acme = make_bill().organization
    seen: list[int] = []
    db.session.add(copy_of(acme))
    after_commit(lambda: seen.append(seen_by_others()))
    assert seen_by_others() == 1
    end()
    assert seen == [2]


def test_a_block_runs_its_actions_after_its_commit_in_their_order(db: SQLAlchemy) -> None:
    acme = make_bill().organization
    seen: list[tuple[str, int]] = []
    with transaction():
        db.session.add(copy_of(acme))
        after_commit(lambda: seen.append(("first", seen_by_others())))
        after_commit(lambda: seen.append(("second", seen_by_others())))
        assert seen == []
    assert seen == [("first", 2), ("second", 2)]


def test_an_action_runs_once(db: SQLAlchemy) -> None:
    seen: list[int] = []
    after_commit(lambda: seen.append(1))
    commit()
    commit()
    assert seen == [1]


def test_a_commit_that_fails_runs_nothing(db: SQLAlchemy) -> None:
    acme = make_bill().organization
    seen: list[int] = []

    def fail() -> None:
        with transaction():
            after_commit(lambda: seen.append(1))
            twin = copy_of(acme)
            twin.slug = acme.slug
            db.session.add(twin)

    with pytest.raises(Exception, match="slug"):
        fail()
    commit()
    assert seen == []


@pytest.fixture
def dies_at_commit(db: SQLAlchemy) -> Iterator[None]:
    """A database whose backend ends while it commits an organization."""
    for statement in DIES_AT_COMMIT:
        db.session.execute(text(statement))
    db.session.commit()
    yield
    db.session.rollback()
    db.session.execute(text("drop function end_this_backend() cascade"))
    db.session.commit()


@pytest.mark.parametrize("end", [commit, checkpoint])
def test_a_database_that_dies_during_the_commit_leaves_the_outcome_unknown(
    db: SQLAlchemy, dies_at_commit: None, end: object
) -> None:
    seen: list[int] = []
    db.session.add(copy_of(MINIMAL))
    after_commit(lambda: seen.append(1))
    with pytest.raises(OutcomeUnknown, match="may or may not have been done"):
        end()
    assert db.session.scalar(ORGANIZATIONS) == 0
    commit()
    assert seen == []


def test_a_database_that_dies_before_the_commit_changed_nothing(db: SQLAlchemy) -> None:
    db.session.add(copy_of(MINIMAL))
    db.session.flush()
    own = db.session.scalar(text("select pg_backend_pid()"))
    with database.engine.connect() as other:
        other.execute(text("select pg_terminate_backend(:own)"), {"own": own})
    twin = copy_of(MINIMAL)
    twin.slug = "twin"
    db.session.add(twin)
    with pytest.raises(OperationalError):
        commit()
    assert db.session.scalar(ORGANIZATIONS) == 0


def test_an_action_that_fails_does_not_undo_what_is_committed_or_stop_the_next(
    db: SQLAlchemy,
) -> None:
    seen: list[int] = []
    db.session.add(copy_of(MINIMAL))
    after_commit(lambda: 1 / 0)
    after_commit(lambda: seen.append(seen_by_others()))
    with structlog.testing.capture_logs() as log:
        commit()
    assert seen == [1]
    assert [line["event"] for line in log] == ["after_commit_failed"]


def test_work_goes_on_over_a_checkpoint_with_the_rows_it_has_loaded(db: SQLAlchemy) -> None:
    acme = make_bill().organization
    checkpoint()
    with count_queries(database.engine) as counted:
        assert acme.slug == "acme"
    assert counted.count == 0


@pytest.mark.parametrize("fails", [False, True])
def test_after_a_checkpoint_a_commit_forgets_what_was_loaded_again(
    db: SQLAlchemy, fails: bool
) -> None:
    acme = make_bill().organization
    if fails:
        db.session.add(copy_of(acme))
        db.session.add(copy_of(acme))
        with pytest.raises(Exception, match="slug"):
            checkpoint()
    else:
        checkpoint()
    assert acme.slug == "acme"
    commit()
    with count_queries(database.engine) as counted:
        assert acme.slug == "acme"
    assert counted.count == 1


def copy_of(organization: Organization) -> Organization:
    """Return another organization like this one, not yet stored."""
    return Organization(
        slug="other",
        name="Other",
        email=organization.email,
        currency=organization.currency,
        cycle_anchor_at=organization.cycle_anchor_at,
        created_at=organization.created_at,
    )


def test_what_holds_until_the_end_of_a_transaction_is_done_once_in_it(db: SQLAlchemy) -> None:
    done: list[str] = []
    for act in ("first", "again"):
        once("a lock", lambda act=act: done.append(act))
    commit()
    once("a lock", lambda: done.append("after the commit"))
    rollback()
    once("a lock", lambda: done.append("after the rollback"))
    assert done == ["first", "after the commit", "after the rollback"]


def test_what_a_savepoint_lets_go_is_done_anew_and_what_failed_was_not_done(
    db: SQLAlchemy,
) -> None:
    done: list[str] = []

    def fail() -> None:
        raise ValueError("asked to fail")

    savepoint = db.session.begin_nested()
    once("a lock", lambda: done.append("within"))
    savepoint.rollback()
    with pytest.raises(ValueError, match="asked to fail"):
        once("a lock", fail)
    once("a lock", lambda: done.append("outside"))
    assert done == ["within", "outside"]


def test_a_transaction_has_one_connection_and_the_next_looks_for_its_own(db: SQLAlchemy) -> None:
    first = db.session.connection()
    assert db.session.connection() is first
    with db.session.begin_nested():
        assert db.session.connection() is first
    commit()
    second = db.session.connection()
    assert second is not first
    assert second.scalar(text("select 1")) == 1
    rollback()
    assert db.session.connection() is not second
