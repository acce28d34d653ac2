"""A timeline is everything that is kept of an organization, in one order, whatever the page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.draft import current_invoice
from dashboard.organizations.models import Organization
from dashboard.reading.timeline.acts import ACTS
from dashboard.reading.timeline.happening import Happening
from dashboard.reading.timeline.read import read_timeline
from dashboard.reading.timeline.wanted import KINDS, Place, Wanted
from tests.factories import NOW, make_organization
from tests.reading.timeline import act, alert, event, run
from tests.support.queries import count_queries

MINUTE = timedelta(minutes=1)


@pytest.fixture
def acme(db: SQLAlchemy) -> Organization:
    """An organization to which much happened at one instant, and some before and after."""
    organization = make_organization("acme")
    organization.stripe_customer_id = "cus_acme"
    invoice = current_invoice(organization)
    invoice.stripe_invoice_id = "in_acme"
    invoice.finalized_at = invoice.payment_failed_at = NOW
    for number in range(4):
        act(organization, "budget.set", cents=number)
        act(organization, "something.new", at=NOW + number * MINUTE)
        run(organization, state="failed", at=NOW - number * MINUTE)
        event("in_acme", number=number, at=NOW + number % 2 * MINUTE)
    run(organization)
    event("cus_acme")
    alert(organization, "ada@acme.example", "bob@acme.example")
    alert_before = NOW - timedelta(days=40)
    act(organization, "service.attached", at=alert_before)
    db.session.commit()
    return organization


def staff(organization: Organization, **narrowed: object) -> Wanted:
    """Return what one of us wants to see."""
    return Wanted(organization.id, True, **narrowed)


def names(rows: list[Happening]) -> list[tuple[str, int]]:
    """Return which rows these are."""
    return [(one.source, one.id) for one in rows]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_of_any_size_put_together_are_the_whole(acme: Organization, size: int) -> None:
    whole = read_timeline(staff(acme), size=100)
    assert whole.before is None
    assert len({one.source for one in whole.rows}) == 5
    assert [one.at for one in whole.rows] == sorted((one.at for one in whole.rows), reverse=True)
    turned: list[Happening] = []
    before = None
    while True:
        page = read_timeline(staff(acme), before=before, size=size)
        turned += page.rows
        before = page.before
        if before is None:
            break
        assert len(page.rows) == size
        # As it comes back from an address.
        before = Place.read(str(before))
    assert names(turned) == names(list(whole.rows))


@pytest.mark.parametrize("kind", KINDS)
def test_the_kinds_share_out_the_whole(acme: Organization, kind: str) -> None:
    whole = read_timeline(staff(acme), size=100).rows
    of_kind = read_timeline(staff(acme, kind=kind), size=100).rows
    assert names(list(of_kind)) == [(one.source, one.id) for one in whole if one.kind == kind]


def test_an_act_without_a_name_here_is_shown_among_peoples(acme: Organization) -> None:
    rows = read_timeline(staff(acme, kind="people"), size=100).rows
    assert "something.new" in [one.told.action for one in rows]


def test_a_customer_sees_what_is_theirs_and_nothing_of_ours(acme: Organization) -> None:
    rows = read_timeline(Wanted(acme.id, False), size=100).rows
    assert {one.source for one in rows} == {"entries", "milestones", "alerts"}
    acts = {one.told.action for one in rows if one.source == "entries"}
    assert acts == {"budget.set", "organization.created", "service.attached"}
    assert all(ACTS[name].is_public for name in acts)
    for kind in ("syncs", "events"):
        assert read_timeline(Wanted(acme.id, False, kind=kind)).rows == []


def test_days_are_of_utc_and_both_included(acme: Organization) -> None:
    day = NOW.date()
    on_it = read_timeline(staff(acme, first=day, last=day), size=100).rows
    assert {one.at.date() for one in on_it} == {day}
    before = read_timeline(staff(acme, last=day - timedelta(days=1)), size=100).rows
    assert [one.told.action for one in before] == ["service.attached"]
    assert read_timeline(staff(acme, first=date(2030, 1, 1))).rows == []


def test_nothing_of_another_organization_is_there(acme: Organization, db: SQLAlchemy) -> None:
    other = make_organization("other")
    act(other, "budget.set", cents=5)
    event("cus_other")
    event("in_stranger")
    db.session.commit()
    assert {one.told.action for one in read_timeline(staff(other)).rows} == {
        "budget.set", "organization.created",
    }  # fmt: skip


def test_echoes_and_what_nothing_depends_on_are_left_out(
    acme: Organization, db: SQLAlchemy
) -> None:
    before = len(read_timeline(staff(acme, kind="events")).rows)
    event("in_acme", number=99, state="ignored")
    db.session.commit()
    assert len(read_timeline(staff(acme, kind="events")).rows) == before


def test_an_alert_says_who_was_mailed(acme: Organization) -> None:
    [told] = [one.told for one in read_timeline(staff(acme, kind="alerts")).rows]
    assert sorted(told.mailed) == ["ada@acme.example", "bob@acme.example"]
    assert told.unsent == []


def test_a_page_takes_one_statement_for_each_log(acme: Organization, db: SQLAlchemy) -> None:
    every, syncs = staff(acme), staff(acme, kind="syncs")
    with count_queries(db.engine) as queries:
        read_timeline(every)
    # Of acts on services a second one asks what they did to the bill.
    assert queries.count == 9
    with count_queries(db.engine) as queries:
        read_timeline(syncs)
    assert queries.count == 2


@given(
    at=st.datetimes(max_value=NOW.replace(year=2200, tzinfo=None), timezones=st.just(UTC)).filter(
        lambda at: at.year > 1970
    ),
    rank=st.integers(0, 20),
    number=st.integers(1, 2**60),
)
def test_a_place_comes_back_from_an_address(at: datetime, rank: int, number: int) -> None:
    assert Place.read(str(Place(at, rank, number))) == (at, rank, number)


@pytest.mark.parametrize(
    "text", ["", "x", "1-2", "1-2-3-4", "-1-1-1", "99999999999999999999-1-1", "9" * 18 + "-1-1"]
)
def test_what_is_no_place_is_none(text: str) -> None:
    assert Place.read(text) is None
