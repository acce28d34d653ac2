"""Rounds over all organizations: slice by slice, again where killed, by one at a time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine, func, select, text

from dashboard.audit.models import AuditEntry
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.invariants import keep as keeping
from dashboard.invariants import rounds
from dashboard.invariants.keep import CONFIRMED_AFTER, KEPT
from dashboard.invariants.known import BY_NAME, INVARIANTS
from dashboard.invariants.models import InvariantFinding, InvariantRound
from dashboard.organizations.models import Organization
from dashboard.transaction import rollback, transaction
from tests.factories import SUPPORT, make_organization

pytestmark = pytest.mark.usefixtures("db")
NOW = utc_now()


def shops(count: int) -> list[Organization]:
    """Make so many organizations."""
    with transaction():
        return [make_organization(f"shop-{n}", now=NOW, anchor=NOW) for n in range(count)]


def break_total(slug: str, cents: int = 700) -> None:
    """Let the invoice of one come to what its items do not."""
    with transaction():
        database.session.execute(
            text(
                "update invoices set total_cents = :cents where organization_id = "
                "(select id from organizations where slug = :slug)"
            ),
            {"cents": cents, "slug": slug},
        )


def look(now: datetime = NOW, most: int = 200) -> bool:
    with transaction():
        return rounds.look_further(now=now, most=most)


def again(now: datetime) -> int:
    with transaction():
        return rounds.look_again(now=now)


def found() -> Sequence[InvariantFinding]:
    database.session.expire_all()
    return database.session.scalars(select(InvariantFinding).order_by(InvariantFinding.id)).all()


def the_round() -> InvariantRound:
    database.session.expire_all()
    return database.session.scalars(select(InvariantRound)).one()


def test_a_round_looks_at_everybody_once_slice_by_slice() -> None:
    shops(5)
    assert [look(most=2) for _ in range(4)] == [True, True, True, False]
    one = the_round()
    assert (one.total, one.looked, one.found, one.ended_at) == (5, 5, 0, NOW)
    assert one.invariants == [each.name for each in INVARIANTS]


def test_the_next_round_begins_an_hour_after_this_one_did() -> None:
    shops(1)
    look()
    assert not look(NOW + rounds.EVERY - timedelta(seconds=1))
    assert look(NOW + rounds.EVERY)


def test_who_is_killed_in_a_slice_loses_that_slice_and_no_more() -> None:
    shops(4)
    look(most=2)
    rounds.look_further(now=NOW, most=2)
    rollback()
    assert the_round().looked == 2
    look(most=2)
    assert the_round().looked == 4


def test_while_one_looks_another_leaves_it_to_that_one(db: SQLAlchemy) -> None:
    shops(2)
    other = create_engine(db.engine.url)
    with other.begin() as looking:
        looking.execute(select(func.pg_advisory_xact_lock(keeping.LOCK)))
        assert not look()
        assert again(NOW) == 0
    other.dispose()
    assert look()


def test_what_is_found_is_kept_and_counts_once_a_second_look_finds_it() -> None:
    shops(2)
    break_total("shop-1")
    look()
    [one] = found()
    assert (one.invariant, one.places, one.confirmed_at) == ("items_add_up", 1, None)
    assert one.examples[0]["text"] == "shop-1, invoice 1: total $7.00, items $0.00."
    assert one.examples[0]["sequence"] == 1
    assert again(NOW + timedelta(seconds=59)) == 0
    later = NOW + CONFIRMED_AFTER
    assert again(later) == 1
    [one] = found()
    assert (one.first_seen_at, one.last_seen_at, one.confirmed_at) == (NOW, later, later)


def test_what_was_a_moment_between_two_writes_is_forgotten() -> None:
    shops(1)
    break_total("shop-0")
    look()
    break_total("shop-0", 0)
    again(NOW + CONFIRMED_AFTER)
    assert found() == []


def test_what_is_apart_elsewhere_at_the_second_look_waits_for_a_third() -> None:
    shops(1)
    break_total("shop-0")
    look()
    with transaction():
        database.session.execute(
            text(
                "update invariant_findings set examples = "
                "jsonb_set(examples, '{0,subject}', '\"invoice 9\"')"
            )
        )
    second = NOW + CONFIRMED_AFTER
    again(second)
    assert found()[0].confirmed_at is None
    again(second + CONFIRMED_AFTER)
    assert found()[0].confirmed_at == second + CONFIRMED_AFTER


def test_what_holds_again_is_cleared_and_kept_for_a_while() -> None:
    shops(1)
    break_total("shop-0")
    look()
    again(NOW + CONFIRMED_AFTER)
    break_total("shop-0", 0)
    cleared = NOW + 2 * CONFIRMED_AFTER
    again(cleared)
    assert found()[0].cleared_at == cleared
    look(cleared + KEPT)
    assert len(found()) == 1
    look(cleared + KEPT + rounds.EVERY)
    assert found() == []


def test_no_more_are_kept_of_one_invariant_than_show_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "MOST", 2)
    for one in shops(4):
        break_total(one.slug)
    look()
    assert len(found()) == 2
    assert the_round().found == 4


def test_of_many_places_the_first_are_kept() -> None:
    shops(1)
    with transaction():
        database.session.execute(
            text(
                "insert into adjustments (organization_id, invoice_id, amount_cents, description,"
                " reason, idempotency_key, actor_kind, actor_label, created_at)"
                " select organization_id, id, 5, 'Lost', 'x', n::text, 'system', 'x', now()"
                " from invoices, generate_series(1, 8) as n"
            )
        )
    look()
    one = next(each for each in found() if each.invariant == "adjustments_are_billed")
    assert (one.places, len(one.examples)) == (8, keeping.EXAMPLES)


def test_a_person_has_everybody_looked_at_for_one_invariant_before_the_clock_goes_on() -> None:
    shops(3)
    look(most=1)
    with transaction():
        asked = rounds.ask_round(BY_NAME["items_add_up"], actor=SUPPORT, now=NOW)
        assert rounds.ask_round(BY_NAME["items_add_up"], actor=SUPPORT, now=NOW) is asked
    look(most=2)
    look(most=2)
    rows = database.session.scalars(select(InvariantRound).order_by(InvariantRound.id)).all()
    assert [(one.looked, one.asked_by) for one in rows] == [(1, None), (3, SUPPORT.label)]
    assert rows[1].invariants == ["items_add_up"]
    entry = database.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "invariant.look_asked")
    ).one()
    assert entry.facts == {"invariant": BY_NAME["items_add_up"].holds}


def test_one_organization_is_looked_at_at_once() -> None:
    [shop] = shops(1)
    break_total("shop-0")
    with transaction():
        assert rounds.look_now(shop, actor=SUPPORT, now=NOW) == 1
    assert len(found()) == 1


def test_one_that_cannot_be_looked_at_is_passed_over() -> None:
    ids = [one.id for one in shops(3)]
    look(most=1)
    with transaction():
        assert rounds.pass_over(now=NOW) == ids[1]
    look(most=5)
    assert the_round().ended_at is not None


@pytest.mark.parametrize(("total", "slices"), [(200, 1), (240_000, 1), (240_001, 2), (10**6, 5)])
def test_a_turn_takes_as_many_slices_as_a_round_needs_to_be_over_in_a_day(
    total: int, slices: int
) -> None:
    shops(2)
    look(most=1)
    with transaction():
        the_round().total = total
    assert rounds.slices_of_a_turn() == slices
