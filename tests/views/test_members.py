"""The page of who can see a bill, and what owners change there."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import select

from dashboard.accounts.factors.models import Passkey
from dashboard.accounts.models import Membership
from dashboard.audit.models import AuditEntry
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.factories import MembershipFactory, UserFactory
from tests.pages import page, post, text_of
from tests.people import PASSWORD, People, make_member, signed_in
from tests.support.queries import count_queries
from tests.support.returned import fields_of

PATH = "/organizations/acme/members"
POLL = {"HX-Request": "true", "HX-Current-URL": "http://localhost/organizations/acme"}


def membership(user_id: int) -> Membership:
    """Return somebody's one membership, as it is stored."""
    database.session.rollback()
    return database.session.scalars(select(Membership).where(Membership.user_id == user_id)).one()


def where(user_id: int) -> str:
    """Return the address of somebody as a member."""
    return f"{PATH}/{membership(user_id).id}"


def test_members_are_listed_with_what_they_may_and_how_well_they_are_protected(
    customer: FlaskClient, people: People, acme: Organization
) -> None:
    reader = make_member(acme, "reader", name="Rita", last_sign_in_at=utc_now())
    with transaction():
        database.session.add(
            Passkey(
                user_id=reader, name="Key", credential_id=b"k", public_key=b"p", sign_count=0,
                created_at=utc_now(),
            )
        )  # fmt: skip
    rows = page(customer.get(PATH)).select("main table tbody tr")
    [carla, rita] = [text_of(row) for row in rows]
    assert "Carla (you) customer@example.com Owner" in carla
    assert "Never No" in carla
    assert "Rita reader@example.com Read only" in rita
    assert "Yes" in rita
    words = text_of(page(customer.get(PATH)))
    assert "Our support and admin teams can see every bill too." in words
    assert "Stefan" not in words


@pytest.mark.parametrize("role", ["reader", "billing"])
def test_who_manages_nobody_sees_who_is_a_member_and_no_more(
    app: Flask, people: People, acme: Organization, role: str
) -> None:
    client = signed_in(app, make_member(acme, role))
    words = text_of(page(client.get(PATH)).main)
    assert "Carla" in words
    for hidden in ("Last signed in", "Second factor", "Send invitation", "Change"):
        assert hidden not in words
    refused = text_of(page(client.get(where(people.customer)), 403))
    assert "Only owners of this organization can do this. Nothing was changed." in refused


def test_a_reader_sees_the_bill_and_decides_nothing(
    app: Flask, people: People, acme: Organization
) -> None:
    client = signed_in(app, make_member(acme, "reader"))
    bill = text_of(page(client.get("/organizations/acme")))
    assert "Owed so far" in bill
    assert "Manage payment at Stripe" not in bill
    assert "An owner or billing member can set one ." in bill
    for address in ("budget", "budget/removals", "portal-sessions"):
        refused = post(client, f"/organizations/acme/{address}", amount="5", seen="none")
        assert "Only owners and billing members of this organization" in text_of(page(refused, 403))


def test_a_role_is_changed_and_said(
    app: Flask, customer: FlaskClient, people: People, acme: Organization
) -> None:
    reader = make_member(acme, "reader", name="Rita")
    assert "Rita" in text_of(page(customer.get(where(reader))))
    answer = post(customer, f"{where(reader)}/role", member_role="billing")
    assert (answer.status_code, answer.location) == (303, PATH)
    assert "Rita now has the role Billing." in text_of(page(customer.get(PATH)))
    told = page(signed_in(app, people.admin).get("/audit-entries?organization=acme"))
    assert (
        "Changed the role of reader@example.com in the organization from reader to billing."
        in text_of(told)
    )


@pytest.mark.parametrize("role", [None, "", "king", "OWNER", "admin"])
def test_a_role_that_is_none_is_said_beside_the_choice(
    customer: FlaskClient, people: People, acme: Organization, role: str | None
) -> None:
    reader = make_member(acme, "reader")
    fields = {} if role is None else {"member_role": role}
    soup = page(post(customer, f"{where(reader)}/role", **fields), 422)
    assert "Choose what they may do." in text_of(soup.find(id="member_role-error"))
    assert membership(reader).role == "reader"


def test_the_last_owner_is_told_what_to_do_first(
    customer: FlaskClient, support: FlaskClient, admin: FlaskClient, people: People
) -> None:
    own = where(people.customer)
    for client in (customer, support, admin):
        for answer in (
            post(client, f"{own}/role", member_role="reader"),
            post(client, f"{own}/removals"),
        ):
            words = text_of(page(answer, 409))
            assert "Carla is the only owner who can sign in" in words
            assert "Nothing was changed. Make another member an owner first." in words
    assert "only owner" in text_of(page(post(customer, f"{PATH}/departures"), 409))
    assert membership(people.customer).role == "owner"


def test_who_is_removed_sees_nothing_any_more_and_their_open_page_says_so(
    app: Flask, customer: FlaskClient, people: People, acme: Organization
) -> None:
    reader = make_member(acme, "reader", name="Rita")
    client = signed_in(app, reader)
    tag = page(client.get("/organizations/acme")).find(id="bill")["hx-ptag"]
    poll = "/organizations/acme/current-invoice"
    assert client.get(poll, headers=POLL | {"HX-PTag": tag}).status_code == 304
    post(customer, f"{where(reader)}/removals")
    said = text_of(page(customer.get(PATH)))
    assert "Rita no longer has access to Acme Freight." in said
    answer = client.get(poll, headers=POLL | {"HX-PTag": tag})
    assert (answer.status_code, answer.text) == (404, "")
    assert answer.headers["HX-Redirect"] == "/organizations/acme"
    words = text_of(page(client.get("/organizations/acme"), 404))
    assert "This organization does not exist, or you do not have access to it." in words
    assert "an owner has removed you: ask them." in words
    for address in ("usage", "invoices/1.csv", "invoices/1.pdf", "members", "spend.csv"):
        assert client.get(f"/organizations/acme/{address}").status_code == 404
    assert text_of(page(client.get("/organizations/nobody"), 404)) != "", "nor does another"
    page(client.get("/"))


def test_a_member_leaves_and_keeps_their_other_organizations(
    app: Flask, people: People, acme: Organization
) -> None:
    reader = make_member(acme, "reader")
    other = membership(people.stranger).organization_id
    with transaction():
        database.session.add(
            Membership(user_id=reader, organization_id=other, created_at=utc_now())
        )
    client = signed_in(app, reader)
    assert "Leave Acme Freight?" in text_of(page(client.get(f"{PATH}/departures/new")))
    assert post(client, f"{PATH}/departures").status_code == 303
    soup = page(client.get("/organizations/other"))
    assert "You no longer have access to Acme Freight." in text_of(soup)
    assert client.get("/organizations/acme").status_code == 404


def test_an_owner_who_removes_themselves_is_led_out(
    customer: FlaskClient, people: People, acme: Organization
) -> None:
    make_member(acme, "owner", email="second@example.com")
    answer = post(customer, f"{where(people.customer)}/removals")
    assert (answer.status_code, answer.location) == (303, "/")
    page(customer.get("/"))


def test_members_of_another_organization_are_out_of_reach(
    customer: FlaskClient, support: FlaskClient, people: People
) -> None:
    theirs = membership(people.stranger)
    for client in (customer, support):
        assert client.get(f"{PATH}/{theirs.id}").status_code == 404
        for what in ("role", "removals"):
            answer = post(client, f"{PATH}/{theirs.id}/{what}", member_role="reader")
            assert "no longer a member. Nothing was changed." in text_of(page(answer, 404))
    own = f"/organizations/other/members/{theirs.id}"
    assert post(customer, f"{own}/role", member_role="reader").status_code == 404
    assert membership(people.stranger).role == "owner"


def test_who_signed_in_a_while_ago_confirms_it_first(
    app: Flask, people: People, acme: Organization
) -> None:
    reader = make_member(acme, "reader")
    idle = signed_in(app, people.customer, proved_at=utc_now() - timedelta(hours=1))
    for answer in (
        post(idle, f"{where(reader)}/role", member_role="owner"),
        post(idle, f"{where(reader)}/removals"),
        post(idle, f"{PATH}/invitations", email="a@example.com", member_role="owner"),
        post(idle, f"{PATH}/departures"),
    ):
        assert "Confirm it is you" in text_of(page(answer, 403))
    assert membership(reader).role == "reader"
    form = page(post(idle, f"{where(reader)}/role", member_role="billing"), 403).main.form
    again = fields_of(form) | {"proof": PASSWORD}
    assert post(idle, form["action"], **again).status_code == 303
    assert membership(reader).role == "billing"


def test_a_form_without_its_token_changes_nothing(
    app: Flask, people: People, acme: Organization
) -> None:
    reader = make_member(acme, "reader")
    owner = signed_in(app, people.customer)
    answer = owner.post(f"{where(reader)}/removals", data={"csrf_token": "stale"})
    assert answer.status_code in (303, 400)
    assert membership(reader).role == "reader"


@pytest.mark.parametrize(("number", "shown"), [(0, 0), (1, 1), (60, 50)])
def test_the_page_holds_none_one_and_many_with_as_many_statements(
    support: FlaskClient, people: People, acme: Organization, number: int, shown: int,
    db: SQLAlchemy,
) -> None:  # fmt: skip
    with transaction():
        database.session.delete(membership(people.customer))
        for one in range(number):
            user = UserFactory(name=f"{'Long ' * 30}{one}", email=f"{'long' * 12}{one}@example.com")
            MembershipFactory(user=user, organization_id=acme.id, role="reader")
    with count_queries(db.engine) as queries:
        soup = page(support.get(PATH))
    assert len(soup.select("main table tbody tr")) == shown
    assert queries.count <= 9
    words = text_of(soup)
    assert ("No members yet" in words) is (number == 0)
    assert "No owner can sign in" in words
    if number > shown:
        rest = page(support.get(soup.select_one("a[rel=next]")["href"]))
        assert len(rest.select("main table tbody tr")) == number - shown


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("<script>alert(1)</script>", "a@example.com"),
        ("\u05d3\u05d5\u05d3 \u05db\u05d4\u05df", "\u05d3\u05d5\u05d3@\u05d3\u05d5\u05d2.co.il"),
        ("A" * 200, f"{'a' * 60}@{'b' * 60}.example.com"),
    ],
    ids=["markup", "right to left", "long"],
)  # fmt: skip
def test_odd_names_are_shown_as_they_are(
    customer: FlaskClient, acme: Organization, people: People, name: str, email: str
) -> None:
    one = make_member(acme, "reader", name=name, email=email)
    for address in (PATH, where(one)):
        soup = page(customer.get(address))
        assert name in text_of(soup)
        assert soup.find("script", string="alert(1)") is None


def test_what_is_done_is_on_record_in_sentences(
    app: Flask, customer: FlaskClient, admin: FlaskClient, acme: Organization, people: People
) -> None:
    reader = make_member(acme, "reader")
    post(customer, f"{where(reader)}/removals")
    [entry] = database.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "membership.ended")
    )
    assert (entry.actor_label, entry.organization_id) == ("customer@example.com", acme.id)
    words = text_of(page(admin.get("/audit-entries?organization=acme")))
    assert "Removed reader@example.com from the organization." in words


def test_a_tab_leads_there(customer: FlaskClient, redis: Redis) -> None:
    soup = page(customer.get("/organizations/acme"))
    assert soup.find("a", string="Members")["href"] == PATH
