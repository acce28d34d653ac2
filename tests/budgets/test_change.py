"""Setting a budget: bounded, on record, and never over what somebody else has just set."""

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.budgets.change import MOST_CENTS, fingerprint, set_budget
from dashboard.errors import Invalid, Stale
from dashboard.organizations.models import Organization
from tests.factories import NOW, SUPPORT, make_organization


@pytest.fixture
def acme(db: SQLAlchemy) -> Organization:
    return make_organization("acme")


def actions(db: SQLAlchemy) -> list[tuple[str, dict]]:
    """Return what is on record of budgets."""
    query = select(AuditEntry).where(AuditEntry.action.like("budget.%")).order_by(AuditEntry.id)
    return [(one.action, one.facts) for one in db.session.scalars(query)]


def test_every_change_is_on_record_and_the_same_again_is_none(
    acme: Organization, db: SQLAlchemy
) -> None:
    for cents in (5_000, 5_000, 6_000, None, None):
        set_budget(acme, cents, now=NOW, actor=SUPPORT)
    assert actions(db) == [
        ("budget.set", {"cents": 5_000, "cents_before": None, "currency": "usd"}),
        ("budget.set", {"cents": 6_000, "cents_before": 5_000, "currency": "usd"}),
        ("budget.removed", {"cents": None, "cents_before": 6_000, "currency": "usd"}),
    ]


@pytest.mark.parametrize("cents", [0, -1, MOST_CENTS + 1])
def test_an_amount_that_is_none_is_refused(acme: Organization, cents: int, db: SQLAlchemy) -> None:
    with pytest.raises(Invalid, match="Nothing was changed"):
        set_budget(acme, cents, now=NOW, actor=SUPPORT)
    assert (acme.budget_cents, actions(db)) == (None, [])


def test_what_somebody_else_set_meanwhile_stands(acme: Organization) -> None:
    seen = fingerprint(acme)
    set_budget(acme, 5_000, now=NOW, actor=SUPPORT)
    with pytest.raises(Stale):
        set_budget(acme, 9_000, now=NOW, actor=SUPPORT, seen=seen)
    assert acme.budget_cents == 5_000
