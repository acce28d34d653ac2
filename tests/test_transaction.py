"""What must happen only if the rows exist happens once they do, for everybody."""

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select

from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.transaction import after_commit, checkpoint, commit, transaction
from tests.support.billing import make_bill

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
