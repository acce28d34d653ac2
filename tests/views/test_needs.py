"""What needs a person, as support sees it first."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import select

from dashboard.billing.close import seal_now
from dashboard.billing.outcome import put_on_hold
from dashboard.budgets.models import UnusualUsage
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.forms.need import rests
from dashboard.needs.models import Need
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.trends.models import FleetSample
from jobs import ticks
from jobs.watch import look_for_needs
from tests.factories import NOW
from tests.pages import fragment, page, post, text_of
from tests.people import People, bill_of, make_bill
from tests.support.added_lines import add_line
from tests.support.needs import look_now
from tests.support.queries import count_queries

HTMX = {"HX-Request": "true"}


@pytest.fixture
def looked(redis: Redis) -> Redis:
    """A Redis of a clock that has just looked."""
    ticks.note(redis, look_for_needs.__name__)
    return redis


@pytest.fixture
def things(acme: Organization, people: People, looked: Redis) -> list[Need]:
    """A bill on hold, a payment that was declined, and a line that is not ours."""
    with transaction():
        other = bill_of(make_bill("late", name="Late Payers"))
        seal_now(other, now=utc_now())
        other.status, other.payment_failure = "open", "Insufficient funds."
        other.amount_remaining_cents, other.finalized_at = 420_715, utc_now() - timedelta(hours=46)
        held = bill_of(make_bill("held", name="Granite Ledger"))
        put_on_hold(held, "differs", "Stripe's total is $1.54 above ours.", now=utc_now())
        held.total_cents = 611_890
        add_line(acme, "il_1", None)
    return look_now()


def rows(client: FlaskClient, address: str = "/needs") -> list[str]:
    """Return what each row of the list says."""
    soup = page(client.get(address))
    return [text_of(row) for row in soup.select("table.work tbody tr")]


def test_nothing_to_do_is_a_pleasure_to_see(
    support: FlaskClient, acme: Organization, looked: Redis
) -> None:
    with transaction():
        database.session.add(
            FleetSample(
                at=utc_now(), organizations=48_212, unequal=0, usage_seconds=0, told_seconds=60
            )
        )
    words = text_of(page(support.get("/needs")))
    assert "Nothing needs a person" in words
    assert "All 48,212 bills are equal with Stripe, checked at" in words


def test_it_is_listed_with_most_money_first(support: FlaskClient, things: list[Need]) -> None:
    listed = rows(support)
    assert [one.split(" $")[0] for one in listed] == [
        ["On hold Granite Ledger Stripe's total is", "1.54 above ours."][0],
        "Declined Late Payers Insufficient funds. Stripe has not announced another attempt.",
        "Differs Acme Freight A line we did not send: a line without a description.",
    ]
    assert "$6,118.90" in listed[0]
    assert "$4,207.15 1 d 22 h Take it More See invoice" in listed[1]
    words = text_of(page(support.get("/needs")))
    assert "3 things, $10,327.05 at stake. The oldest has waited 1 day 22 hours." in words
    assert "All 3 Payments 1 Stripe differs 2" in words


def test_a_kind_of_them_is_at_an_address_of_its_own(
    support: FlaskClient, things: list[Need]
) -> None:
    assert [one.split()[0] for one in rows(support, "/needs?kind=payments")] == ["Declined"]
    assert rows(support, "/needs?kind=late") == []
    assert "Nothing of this kind" in text_of(page(support.get("/needs?kind=late")))
    assert len(rows(support, "/needs?kind=nonsense")) == 3


def test_each_leads_to_where_it_is_settled(support: FlaskClient, things: list[Need]) -> None:
    soup = page(support.get("/needs"))
    links = [row.select("a.btn")[-1]["href"] for row in soup.select("table.work tbody tr")]
    assert links == [
        "/organizations/held/invoices/1",
        "/organizations/late/invoices/1",
        "/organizations/acme/invoices/1",
    ]
    for link in links:
        assert support.get(link, follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    ("kind", "code", "action", "leads_to"),
    [
        ("on_hold", "foreign_lines", "Decide", "/organizations/acme/invoices/1"),
        ("on_hold", "total_differs", "Compare", "/organizations/acme/at-stripe?invoice=1"),
        ("on_hold", "stuck", "See syncs", "/organizations/acme/syncs"),
        ("on_hold", "edited", "See invoice", "/organizations/acme/invoices/1"),
        ("declined", None, "See invoice", "/organizations/acme/invoices/1"),
        ("unusual", None, "See alerts", "/organizations/acme/budget"),
        ("late", None, "See jobs", "/jobs"),
        ("calls", None, "See calls", "/stripe-calls"),
    ],
)
def test_each_trouble_offers_the_step_that_fits_it(
    support: FlaskClient,
    acme: Organization,
    kind: str,
    code: str | None,
    action: str,
    leads_to: str,
) -> None:
    now = utc_now()
    facts = {
        "sequence": 1, "number": None, "reason": "It waits.", "code": code, "why": "It is late.",
        "failure": None, "next_at": None, "product": "API", "cents": 200, "habit_cents": 100,
        "began_on": "2026-03-01", "service": None,
    }  # fmt: skip
    of = None if kind in ("late", "calls") else acme.id
    with transaction():
        database.session.add(
            Need(kind=kind, subject="1", facts=facts, organization_id=of, since=now,
                 found_at=now, changed_at=now)
        )  # fmt: skip
    link = page(support.get("/needs")).select("table.work tbody tr a.btn")[-1]
    assert (text_of(link), link["href"]) == (action, leads_to)
    assert support.get(leads_to, follow_redirects=True).status_code == 200


def test_a_thing_is_taken_and_found_among_one_s_own(
    support: FlaskClient, admin: FlaskClient, things: list[Need]
) -> None:
    address = f"/needs/{things[0].id}/owner"
    answer = post(support, address, owner="me", back="/needs?kind=differs")
    assert answer.location == "/needs?kind=differs"
    assert "You" in rows(support)[0]
    assert "Sam" in rows(admin)[0]
    assert len(rows(support, "/needs?owner=me")) == 1
    assert rows(admin, "/needs?owner=me") == []
    assert post(admin, address, owner="me").status_code == 409
    taken_over = post(admin, address, owner="me", seen=str(need_now(things[0]).owner_id))
    assert taken_over.location == "/needs"


def need_now(need: Need) -> Need:
    """Return it as it is now."""
    database.session.refresh(need)
    return need


def test_a_thing_is_put_off_and_leaves_the_list_meanwhile(
    support: FlaskClient, things: list[Need]
) -> None:
    address = f"/needs/{things[0].id}/snooze"
    assert post(support, address, rest="hour").status_code == 303
    assert len(rows(support)) == 2
    assert "Snoozed until" in rows(support, "/needs?state=snoozed")[0]
    assert post(support, address, rest="").status_code == 303
    assert len(rows(support)) == 3
    assert post(support, address, rest="a year").status_code == 422


def test_a_note_is_read_on_the_list(support: FlaskClient, things: list[Need]) -> None:
    address = f"/needs/{things[0].id}/note"
    post(support, address, note="Waits for <b>the bank</b>")
    assert "Waits for <b>the bank</b>" in rows(support)[0]
    assert post(support, address, note="x" * 1001).status_code == 422


def test_one_thing_is_shown_with_what_can_be_said_about_it(
    support: FlaskClient, things: list[Need]
) -> None:
    words = text_of(page(support.get(f"/needs/{things[0].id}")))
    for part in ("Granite Ledger", "$6,118.90", "Owner No one", "Take it", "Snooze", "Save"):
        assert part in words
    assert support.get("/needs/999999").status_code == 404


def test_what_is_settled_is_seen_for_the_day(support: FlaskClient, things: list[Need]) -> None:
    with transaction():
        held = bill_of_held(things[0])
        held.parked_at = held.parked_code = held.parked_reason = None
    look_now()
    words = text_of(page(support.get("/needs")))
    assert "Settled today: 1 , 0 by people and 1 automatically" in words
    assert "Granite Ledger" in rows(support, "/needs/settled")[0]
    assert "Automatically" in rows(support, "/needs/settled")[0]


def bill_of_held(need: Need):
    """Return the invoice that a need is about."""
    return bill_of(database.session.get_one(Organization, need.organization_id))


def test_a_refresh_costs_two_statements_while_nothing_moves(
    support: FlaskClient, things: list[Need]
) -> None:
    tag = str(page(support.get("/needs")).select_one("#needs")["hx-ptag"])
    with count_queries(database.engine) as queries:
        assert support.get("/needs", headers={**HTMX, "HX-PTag": tag}).status_code == 304
    assert queries.count == 2
    post(support, f"/needs/{things[0].id}/owner", owner="me")
    answer = support.get("/needs", headers={**HTMX, "HX-PTag": tag})
    assert "You" in text_of(fragment(answer))


def test_the_page_is_as_many_statements_whatever_there_is(
    support: FlaskClient, acme: Organization, looked: Redis
) -> None:
    with count_queries(database.engine) as none:
        page(support.get("/needs"))
    with transaction():
        for number in range(4):
            put_on_hold(
                bill_of(make_bill(f"held-{number}")), "differs", "It differs.", now=utc_now()
            )
    look_now()
    with count_queries(database.engine) as some:
        page(support.get("/needs"))
    assert (none.count, some.count) == (5, 5)


def test_a_clock_that_does_not_look_is_said(support: FlaskClient, things, redis: Redis) -> None:
    assert "The schedule is not looking" not in text_of(page(support.get("/needs")))
    redis.hset(ticks.LAST, look_for_needs.__name__, str(utc_now().timestamp() - 300))
    assert "The schedule is not looking at the moment" in text_of(page(support.get("/needs")))


def test_customers_are_told_nothing_of_it(customer: FlaskClient, things: list[Need]) -> None:
    for address in ("/needs", "/needs/settled", f"/needs/{things[0].id}"):
        assert customer.get(address).status_code == 403
    assert post(customer, f"/needs/{things[0].id}/owner", owner="me").status_code == 403


def test_mornings_to_wait_for_are_never_over() -> None:
    for hours in range(24 * 8):
        now = NOW + timedelta(hours=hours)
        found = rests(now)
        assert all(one.until > now for one in found)
        assert found[3].until.weekday() == 0


def test_the_clock_finds_it_and_tells_the_sidebar(
    support: FlaskClient, acme: Organization, redis: Redis
) -> None:
    with transaction():
        put_on_hold(bill_of(acme), "differs", "It differs.", now=utc_now())
    look_for_needs()
    kinds = database.session.scalars(select(Need.kind).order_by(Need.kind)).all()
    # No worker runs beside these tests.
    assert kinds == ["late", "on_hold"]
    place = page(support.get("/organizations")).select_one(".sidebar a[href='/needs'] .count")
    assert place.text == "2 need attention"


def test_a_database_that_does_not_know_a_kind_of_ours_is_left_alone(
    db: SQLAlchemy, redis: Redis, support: FlaskClient, looked: Redis
) -> None:
    with transaction():
        database.session.add(
            Need(kind="of-tomorrow", subject="1", since=NOW, found_at=NOW, changed_at=NOW)
        )
    assert len(look_now()) == 1
    assert rows(support) == []


def test_unusual_usage_leads_to_its_budget_and_alerts(
    acme: Organization, looked: Redis, support: FlaskClient
) -> None:
    with transaction():
        database.session.add(
            UnusualUsage(
                organization_id=acme.id, product="Servers", began_on=NOW.date(),
                last_on=NOW.date(), cents=3250, habit_cents=1000, currency="usd", noted_at=NOW,
            )
        )  # fmt: skip
    look_now()
    [row] = page(support.get("/needs")).select("table.work tbody tr")
    assert "Servers at 3.2 times its habit" in text_of(row)
    assert row.select_one(f'a[href="/organizations/{acme.slug}/budget"]') is not None
