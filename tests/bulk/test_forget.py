"""Members of acts that were over long ago go; open acts keep theirs, and every act its own row."""

from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select

from dashboard.bulk.forget import forget_members
from dashboard.bulk.models import BulkAction, BulkMember
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from tests.support.billing import make_bill
from tests.support.bulk import begun

pytestmark = pytest.mark.usefixtures("db")


def number(of: type) -> int:
    """Return how many rows there are."""
    return database.session.scalar(select(func.count()).select_from(of)) or 0


def test_only_the_members_of_old_acts_go(db: SQLAlchemy) -> None:
    now, owners = utc_now(), [make_bill(f"org-{one}").organization_id for one in range(3)]
    old, young, still_open = (begun("sync", owners) for _ in range(3))
    with transaction():
        old.finished_at, young.finished_at = now - timedelta(days=9), now
        assert still_open.finished_at is None
    with transaction():
        assert forget_members(0, before=now - timedelta(days=5), most=100) is None
    assert (number(BulkMember), number(BulkAction)) == (6, 3)


def test_it_goes_on_where_a_slice_ended(db: SQLAlchemy) -> None:
    now, owners = utc_now(), [make_bill(f"org-{one}").organization_id for one in range(3)]
    act = begun("sync", owners)
    with transaction():
        act.finished_at = now - timedelta(days=9)
    place, slices = 0, 0
    while place is not None:
        with transaction():
            place = forget_members(place, before=now, most=2)
        slices += 1
    assert (number(BulkMember), slices) == (0, 2)
