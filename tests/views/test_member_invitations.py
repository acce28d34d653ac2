"""Owners invite colleagues by mail, who become users by the link, or join with what they have."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from dashboard.accounts.models import Invitation, Membership, User
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.mail.transport import NotTaken
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from jobs.mails import send_mails
from tests.pages import page, post, text_of
from tests.people import PASSWORD, People, browser_of, make_member, signed_in
from tests.support.mail import Kept
from tests.support.mail import text_of as mail_text
from tests.support.members import (
    INVITE,
    NEW,
    PATH,
    invitations,
    invite,
    join,
    members,
    owner,
    path_in,
    post_box,
)
from tests.support.returned import fields_of

__all__ = ["owner", "post_box"]


def test_a_colleague_becomes_a_user_by_the_link_and_sees_the_bill(
    app: Flask, owner: FlaskClient, post_box: Kept
) -> None:
    invite(owner, "Nia@Example.com")
    assert "An invitation to nia@example.com is on its way." in text_of(page(owner.get(PATH)))
    words = mail_text(post_box.messages[0])
    assert "customer@example.com invites you" in words
    assert "to see the bills of Acme Freight. Your role: Read only." in words
    assert "Choose a password" in words
    client = browser_of(app)
    assert join(client, path_in(post_box), name="Nia", **NEW).status_code == 303
    assert client.get("/organizations/acme").status_code == 200
    assert client.get("/organizations/other").status_code == 404
    assert members("nia@example.com") == [("nia@example.com", "reader")]
    assert "Nia nia@example.com" in text_of(page(owner.get(PATH)))


def test_who_has_an_account_signs_in_and_joins_with_it(
    app: Flask, owner: FlaskClient, people: People, post_box: Kept
) -> None:
    invite(owner, "stranger@example.com", "billing")
    words = mail_text(post_box.messages[0])
    assert "Sign in as usual and join" in words
    assert "Choose a password" not in words
    link = path_in(post_box)
    client = browser_of(app)
    soup = page(client.get(link))
    assert "You can already sign in." in text_of(soup)
    entry = soup.main.find("a", string="Sign in")["href"]
    form = page(client.get(entry)).main.find("form", action="/session")
    fields = fields_of(form) | {"email": "stranger@example.com", "password": PASSWORD}
    answer = post(client, "/session", **fields)
    assert answer.location == link
    answer = join(client, answer.location)
    assert (answer.status_code, answer.location) == (303, "/organizations/acme")
    assert "You now have access to Acme Freight." in text_of(
        page(client.get("/organizations/acme"))
    )
    assert client.get("/organizations/other").status_code == 200


def test_the_page_tells_an_owner_the_same_of_every_address(
    owner: FlaskClient, people: People, post_box: Kept
) -> None:
    with transaction():
        database.session.get_one(User, people.support).is_active = False
    told = []
    for email in ("stranger@example.com", "support@example.com", "nobody@example.com"):
        invite(owner, email)
        rows = [text_of(row) for row in page(owner.get(PATH)).select("main table tbody tr")]
        [row] = [row for row in rows if email in row]
        told.append(row.replace(email, "X").split(" Mailed ")[0].split("Read only")[0])
    assert len(set(told)) == 1, told
    assert len(post_box.messages) == 3


def test_a_link_is_shown_to_nobody_but_its_mailbox(
    app: Flask, owner: FlaskClient, support: FlaskClient, people: People
) -> None:
    invite(owner, "nia@example.com")
    [made] = invitations()
    for client in (owner, support):
        assert "secret=" not in client.get(PATH).text
        assert client.get(f"/invitations/{made.id}/link").status_code == 403


@pytest.mark.parametrize("role", ["support", "admin"])
def test_our_own_people_invite_too(app: Flask, people: People, role: str) -> None:
    invite(signed_in(app, getattr(people, role)), "nia@example.com", "owner")
    assert [one.member_role for one in invitations()] == ["owner"]


@pytest.mark.parametrize("role", ["reader", "billing"])
def test_only_owners_invite(
    app: Flask, people: People, acme: Organization, post_box: Kept, role: str
) -> None:
    client = signed_in(app, make_member(acme, role))
    refused = post(client, INVITE, email="nia@example.com", member_role="reader")
    assert "Only owners of this organization can do this." in text_of(page(refused, 403))
    assert invitations() == post_box.messages == []


@pytest.mark.parametrize(
    ("fields", "wrong", "words"),
    [
        ({"member_role": "reader"}, "email", "Enter an e-mail address"),
        ({"email": "nobody", "member_role": "reader"}, "email", "not an e-mail address"),
        ({"email": "customer@example.com", "member_role": "reader"}, "email", "already a member"),
        ({"email": "CUSTOMER@Example.com", "member_role": "reader"}, "email", "already a member"),
        ({"email": "a@example.com"}, "member_role", "Choose what they may do"),
        ({"email": "a@example.com", "member_role": "admin"}, "member_role", "Choose what"),
        ({"email": "a\u202e@example.com", "member_role": "reader"}, "email", "U+202E"),
        ({"email": "a@example.com\r\nBcc: b@b.com", "member_role": "reader"}, "email", "U+000D"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said_beside_its_field(
    owner: FlaskClient, people: People, fields: dict[str, str], wrong: str, words: str
) -> None:
    soup = page(post(owner, INVITE, **fields), 422)
    assert words in text_of(soup.find(id=f"{wrong}-error"))
    assert invitations() == []


def test_an_invitation_is_renewed_and_withdrawn(
    app: Flask, owner: FlaskClient, post_box: Kept
) -> None:
    invite(owner, "nia@example.com")
    older, [made] = path_in(post_box), invitations()
    with transaction():
        database.session.get_one(Invitation, made.id).expires_at = utc_now() - timedelta(days=1)
    assert "Too old" in text_of(page(owner.get(PATH)))
    post(owner, f"{INVITE}/{made.id}/renewals")
    send_mails()
    newer, [_, new] = path_in(post_box), invitations()
    assert browser_of(app).get(older).status_code == 404
    assert browser_of(app).get(newer).status_code == 200
    assert post(owner, f"{INVITE}/{made.id}/renewals").status_code == 404
    post(owner, f"{INVITE}/{new.id}/withdrawals")
    assert "is withdrawn" in text_of(page(owner.get(PATH)))
    assert browser_of(app).get(newer).status_code == 404


def test_invitations_of_others_are_out_of_reach(
    app: Flask, owner: FlaskClient, people: People
) -> None:
    theirs = signed_in(app, people.stranger)
    where = "/organizations/other/members/invitations"
    assert post(theirs, where, email="nia@example.com", member_role="owner").status_code == 303
    [made] = invitations()
    for address in (INVITE, where):
        for what in ("renewals", "withdrawals"):
            assert post(owner, f"{address}/{made.id}/{what}").status_code == 404
    assert "nia@example.com" not in text_of(page(owner.get(PATH)))
    assert [one.revoked_at for one in invitations()] == [None]


def test_without_mail_nobody_is_invited_and_an_admin_can_help(
    app: Flask, owner: FlaskClient, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "mail", None)
    assert "Ask an admin: they can create a link." in text_of(page(owner.get(PATH)))
    assert page(admin.get(PATH)).find("a", string="Create a link")
    refused = post(owner, INVITE, email="nia@example.com", member_role="reader")
    assert "no invitation was made" in text_of(page(refused, 409))
    assert invitations() == []


def test_what_a_mail_server_says_is_for_our_people(
    owner: FlaskClient, support: FlaskClient, post_box: Kept
) -> None:
    post_box.refusal = NotTaken("The mail server refused it: 550 No such user.", for_good=True)
    invite(owner, "nia@example.com")
    assert "550" not in text_of(page(owner.get(PATH)))
    assert "Not sent" in text_of(page(owner.get(PATH)))
    assert "550 No such user" in text_of(page(support.get(PATH)))


def test_one_address_is_not_mailed_again_and_again(
    app: Flask, owner: FlaskClient, people: People, post_box: Kept
) -> None:
    for _ in range(3):
        invite(owner, "nia@example.com")
    refused = post(owner, INVITE, email="NIA@example.com", member_role="reader")
    assert refused.status_code == 429
    [last] = [one for one in invitations() if one.revoked_at is None]
    assert post(owner, f"{INVITE}/{last.id}/renewals").status_code == 429
    assert len(invitations()) == 3
    elsewhere = post(
        signed_in(app, people.stranger), "/organizations/other/members/invitations",
        email="nia@example.com", member_role="reader",
    )  # fmt: skip
    assert elsewhere.status_code == 303, "how often another invites them is not to be learned"


def test_of_129_at_once_an_owner_gets_through_as_many_as_one_after_the_other(
    app: Flask, people: People, acme: Organization
) -> None:
    clients = [signed_in(app, people.customer) for _ in range(129)]

    def send(number: int) -> int:
        fields = {"email": f"new-{number}@example.com", "member_role": "reader"}
        return post(clients[number], INVITE, **fields).status_code

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(send, range(129)))
    assert (told.count(303), told.count(429)) == (30, 99)
    database.session.rollback()
    assert database.session.scalar(select(func.count()).select_from(Invitation)) == 30
    another = signed_in(app, make_member(acme, "owner", email="second@example.com"))
    sent = [
        post(another, INVITE, email=f"b-{number}@example.com", member_role="reader").status_code
        for number in range(35)
    ]
    assert (sent.count(303), sent.count(429)) == (30, 5), "all owners have as many as two of them"


def test_a_long_or_foreign_name_of_an_organization_is_mailed_as_it_is(
    app: Flask, owner: FlaskClient, acme: Organization, post_box: Kept
) -> None:
    with transaction():
        database.session.get_one(Organization, acme.id).name = "\u05d0\u05db\u05de\u05d4 <b>" * 20
    invite(owner, "ada@exämple.com")
    assert "<b>" in mail_text(post_box.messages[0])
    html = post_box.messages[0].get_body(("html",))
    assert html is not None
    assert "<b>" not in html.get_content()
    assert post_box.messages[0]["To"].addresses[0].domain == "xn--exmple-cua.com"


def test_an_owner_who_is_removed_has_their_invitations_end(
    app: Flask, owner: FlaskClient, people: People, acme: Organization, post_box: Kept
) -> None:
    second = make_member(acme, "owner", email="second@example.com")
    invite(signed_in(app, second), "nia@example.com")
    query = select(Membership.id).where(Membership.user_id == second)
    post(owner, f"{PATH}/{database.session.scalar(query)}/removals")
    assert browser_of(app).get(path_in(post_box)).status_code == 404


def test_a_mail_that_waits_while_its_invitation_ends_is_not_sent(
    owner: FlaskClient, post_box: Kept
) -> None:
    post(owner, INVITE, email="nia@example.com", member_role="reader")
    [made] = invitations()
    post(owner, f"{INVITE}/{made.id}/withdrawals")
    send_mails()
    assert post_box.messages == []
