"""The clock moves standings, and a person sets one apart until a day."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.errors import Invalid, Stale
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.standing.change import end_override, fingerprint, set_apart, set_rules
from dashboard.standing.look import look, next_slice
from dashboard.standing.models import ServiceStanding, StandingRules
from dashboard.standing.rules import Override, Rules
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.people import make_bill
from tests.support.declined import issue
from tests.support.queries import count_queries

NOW = utc_now()
DAY = timedelta(days=1)


@pytest.fixture
def acme(db: SQLAlchemy, redis: object) -> Organization:
    """An organization whose invoice of 50.00 has been past due for ten days."""
    organization = make_bill("acme", name="Acme Freight")
    issue(organization, 5000, due_at=NOW - 10 * DAY)
    return organization


def rule(warn: int | None = None, suspend: int | None = None, **facts: Any) -> None:
    """Set the rules, whatever they were."""
    with transaction():
        row = database.session.get(StandingRules, 1)
        seen = row.revision if row else 0
        set_rules(Rules(warn, suspend, **facts), seen=seen, now=NOW, actor=SUPPORT)


def look_now(*, days: float = 0) -> int:
    """Look as the clock does; return how many moved."""
    at = NOW + days * DAY
    with transaction():
        return look(next_slice(0, most=100, now=at).organization_ids, now=at)


def standing(organization: Organization) -> str:
    """Return what holds, by the organization and by its row alike."""
    database.session.expire_all()
    row = database.session.get(ServiceStanding, organization.id)
    assert (row.standing if row else "good") == organization.standing
    return organization.standing


def apart(organization: Organization, to: Any, until: float, *, days: float = 0) -> None:
    """Set a standing by hand until so many days from now."""
    with transaction():
        row = database.session.get(ServiceStanding, organization.id)
        seen = fingerprint(row.override, row.override_until) if row else "none"
        set_apart(
            organization, Override(to, NOW + until * DAY), reason="They called.", seen=seen,
            now=NOW + days * DAY, actor=SUPPORT,
        )  # fmt: skip


def acts() -> list[str]:
    """Return what is on record about standings, oldest first."""
    query = select(AuditEntry.action).where(AuditEntry.action.like("standing.%"))
    return list(database.session.scalars(query.order_by(AuditEntry.id)))


def test_without_rules_nobody_moves(acme: Organization) -> None:
    assert look_now() == 0
    assert standing(acme) == "good"


def test_what_is_late_warns_then_suspends_and_paying_makes_it_good(acme: Organization) -> None:
    rule(7, 30)
    assert look_now() == 1
    assert standing(acme) == "warned"
    assert look_now() == 0
    assert look_now(days=20) == 1
    assert standing(acme) == "suspended"
    with transaction():
        for invoice in database.session.scalars(select(Invoice).where(Invoice.status == "open")):
            invoice.status, invoice.paid_at = "paid", NOW
    assert look_now(days=21) == 1
    assert standing(acme) == "good"
    assert acts() == ["standing.moved"] * 3


def test_an_organization_that_owes_nothing_late_is_not_looked_at(acme: Organization) -> None:
    other = make_bill("other", name="Other Labs")
    found = next_slice(0, most=100, now=NOW)
    assert acme.id in found.organization_ids
    assert other.id not in found.organization_ids


def test_slices_go_on_where_the_last_ended(acme: Organization) -> None:
    second = make_bill("second", name="Second")
    issue(second, 700, due_at=NOW - DAY)
    first = next_slice(0, most=1, now=NOW)
    assert list(first.organization_ids) == [acme.id]
    rest = next_slice(first.next_place or 0, most=5, now=NOW)
    assert (list(rest.organization_ids), rest.next_place) == ([second.id], None)


def test_a_person_sets_it_apart_until_a_day_and_the_rules_decide_after(acme: Organization) -> None:
    rule(1, 5)
    look_now()
    assert standing(acme) == "suspended"
    apart(acme, "good", until=3)
    assert standing(acme) == "good"
    assert look_now(days=2.9) == 0
    assert look_now(days=3) == 1
    assert standing(acme) == "suspended"
    assert acts()[-2:] == ["standing.override_over", "standing.moved"]


def test_one_set_apart_without_owing_anything_is_let_go_at_its_end(db: SQLAlchemy) -> None:
    organization = make_bill("quiet", name="Quiet")
    apart(organization, "suspended", until=1)
    assert standing(organization) == "suspended"
    assert look_now(days=1) == 1
    assert standing(organization) == "good"


def test_the_same_as_the_rules_say_is_kept_and_ends_without_a_move(acme: Organization) -> None:
    rule(1, 5)
    look_now()
    apart(acme, "suspended", until=1)
    assert look_now(days=2) == 0
    assert standing(acme) == "suspended"
    assert acts()[-1] == "standing.override_over"


def test_taking_it_off_lets_the_rules_decide_at_once(acme: Organization) -> None:
    rule(1, 5)
    look_now()
    apart(acme, "good", until=3)
    row = database.session.get_one(ServiceStanding, acme.id)
    seen = fingerprint(row.override, row.override_until)
    with transaction():
        end_override(acme, seen=seen, now=NOW, actor=SUPPORT)
    assert standing(acme) == "suspended"
    with transaction(), pytest.raises(Stale):
        end_override(acme, seen=seen, now=NOW, actor=SUPPORT)


@pytest.mark.parametrize("until", [-1, 0, 400])
def test_an_end_that_is_over_or_far_away_is_refused(acme: Organization, until: float) -> None:
    with pytest.raises(Invalid):
        apart(acme, "good", until=until)
    assert acts() == []


def test_what_another_person_set_meanwhile_is_not_overwritten(acme: Organization) -> None:
    apart(acme, "warned", until=3)
    with transaction(), pytest.raises(Stale):
        set_apart(
            acme, Override("good", NOW + DAY), reason="r", seen="none", now=NOW, actor=SUPPORT
        )
    assert standing(acme) == "warned"


@pytest.mark.parametrize(
    "wanted", [Rules(-1, None), Rules(None, 4000), Rules(10, 5)], ids=["below", "above", "order"]
)
def test_rules_without_sense_are_refused(acme: Organization, wanted: Rules) -> None:
    with transaction(), pytest.raises(Invalid):
        set_rules(wanted, seen=0, now=NOW, actor=SUPPORT)


def test_rules_that_another_person_changed_are_not_overwritten(acme: Organization) -> None:
    rule(7, 30)
    with transaction(), pytest.raises(Stale):
        set_rules(Rules(1, 2), seen=0, now=NOW, actor=SUPPORT)
    assert database.session.get_one(StandingRules, 1).warn_after_days == 7


def test_the_same_rules_again_are_not_put_on_record(acme: Organization) -> None:
    for _ in range(2):
        rule(7, 30, minimum=Decimal(5), minimums={"jpy": Decimal(900)})
    query = select(AuditEntry.facts).where(AuditEntry.action == "standing_rules.set")
    [facts] = database.session.scalars(query)
    told = "warn after 7 days, suspend after 30 days, at least others 5 and JPY 900"
    assert facts == {"before": "off", "after": told}


def test_many_that_do_not_move_cost_three_statements(acme: Organization) -> None:
    rule(7, 30)
    look_now()
    ids = next_slice(0, most=100, now=NOW).organization_ids
    database.session.expunge_all()
    with count_queries(database.engine) as queries, transaction():
        look(ids, now=NOW)
    assert queries.count == 3
