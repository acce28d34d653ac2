"""The page of an organization's e-mails: who gets which, what was sent, and once more."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from dashboard.audit.models import AuditEntry
from dashboard.billing.close import seal_now
from dashboard.billing.policy import BillingPolicy, set_policy
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.mail.choices import wanted_by
from dashboard.mail.models import Mail, RefusedAddress
from dashboard.mail.refused import note_refused
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from jobs.mails import send_mails
from tests.pages import page, post
from tests.pages import text_of as text
from tests.people import bill_of
from tests.support.bill_mails import mails, mails_on
from tests.support.mail import Kept
from tests.support.mail import post as mailbox
from tests.support.stripe_acts import tell

__all__ = ["mailbox", "mails_on"]
PATH = "/organizations/acme/mails"


def text_of(client: FlaskClient, path: str = PATH) -> str:
    """Return what a page says, on one line."""
    return " ".join(page(client.get(path)).get_text(" ").split())


@pytest.fixture
def sent(acme: Organization, mails_on: None, mailbox: Kept) -> Mail:
    """The mail of an invoice of acme's that was just issued, sent."""
    bill = bill_of(acme)
    with transaction():
        seal_now(bill, now=utc_now())
        tell(bill, "open", utc_now(), hosted_invoice_url="https://invoice.stripe.com/i/1")
    send_mails()
    db.session.expire_all()
    [mail] = mails()
    assert mail.state == "sent"
    return mail


def on_record() -> list[str]:
    """Return the acts about mails that are on record."""
    query = select(AuditEntry.action).where(AuditEntry.action.like("mail%"))
    return list(db.session.scalars(query.order_by(AuditEntry.id)))


def test_support_sees_what_was_sent_to_whom_and_what_it_says(
    support: FlaskClient, sent: Mail
) -> None:
    said = text_of(support)
    assert f"Invoice ready Invoice F-0001 {sent.address} Sent" in said
    shown = text_of(support, f"{PATH}/{sent.id}")
    assert "As it was sent" in shown
    assert str((sent.told or {})["subject"]) in shown
    body = support.get(f"{PATH}/{sent.id}/body")
    assert "script-src" not in body.headers["Content-Security-Policy"]
    assert body.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Invoice F-0001 is ready" in body.text
    frame = support.get(f"{PATH}/{sent.id}").headers["Content-Security-Policy"]
    assert frame.endswith("frame-src 'self'")


def test_what_was_sent_stays_what_it_said(support: FlaskClient, sent: Mail) -> None:
    db.session.execute(update(Organization).values(name="Renamed"))
    db.session.commit()
    assert "for Acme" in text_of(support, f"{PATH}/{sent.id}").replace("Acme Inc", "Acme")


def test_a_mail_is_sent_again_once_for_each_click_that_saw_the_same(
    support: FlaskClient, sent: Mail, mailbox: Kept
) -> None:
    for _ in range(2):
        assert post(support, f"{PATH}/{sent.id}/resends").status_code in (303, 409)
    send_mails()
    db.session.expire_all()
    assert len(mails()) == len(mailbox.messages) == 2
    assert on_record() == ["mail.sent_again"]
    again = mails()[1]
    assert post(support, f"{PATH}/{again.id}/resends").status_code == 303
    assert len(mails()) == 3


def test_a_mail_is_sent_again_to_the_address_that_took_its_place(
    support: FlaskClient, acme: Organization, sent: Mail, mailbox: Kept
) -> None:
    with transaction():
        db.session.execute(update(Organization).values(email="New@acme.example"))
    post(support, f"{PATH}/{sent.id}/resends")
    send_mails()
    assert mailbox.messages[-1]["To"] == "new@acme.example"


def test_where_mails_are_off_none_is_sent_again(support: FlaskClient, sent: Mail) -> None:
    set_policy(BillingPolicy())
    assert post(support, f"{PATH}/{sent.id}/resends").status_code == 409


def test_customers_see_no_one_else_s_mails(customer: FlaskClient, sent: Mail) -> None:
    said = page(customer.get(PATH))
    assert said.find(id="mails-title") is None
    for path in (f"{PATH}/{sent.id}", f"{PATH}/{sent.id}/body"):
        assert customer.get(path).status_code == 404 or customer.get(path).status_code == 403
    assert post(customer, f"{PATH}/{sent.id}/resends").status_code in (403, 404)


def test_another_organization_s_mail_is_not_there(support: FlaskClient, sent: Mail) -> None:
    assert support.get(f"/organizations/other/mails/{sent.id}").status_code == 404


def test_a_member_chooses_what_they_and_the_billing_e_mail_get(
    customer: FlaskClient, acme: Organization
) -> None:
    assert post(customer, f"{PATH}/choices", kind="receipt").status_code == 303
    got = wanted_by(acme.id, "customer@example.com", is_billing=False)
    assert [kind for kind, wanted in got.items() if wanted] == ["receipt"]
    post(customer, f"{PATH}/billing-choices", kind="reminder")
    got = wanted_by(acme.id, acme.email, is_billing=True)
    assert [kind for kind, wanted in got.items() if wanted] == ["reminder"]
    assert on_record() == ["mail_choice.made"] * 2
    assert post(customer, f"{PATH}/choices", kind="nonsense").status_code == 303


def test_support_turns_mails_off_and_sets_the_days_of_reminders(
    support: FlaskClient, acme: Organization
) -> None:
    post(support, f"{PATH}/settings", reminder_days="14, 3 7,7")
    db.session.refresh(acme)
    assert (acme.mails_bills, acme.reminder_days) == (False, [3, 7, 14])
    assert "E-mails about bills are off" in text_of(support)
    post(support, f"{PATH}/settings", mails_bills="y", reminder_days="")
    db.session.refresh(acme)
    assert (acme.mails_bills, acme.reminder_days) == (True, [])


@pytest.mark.parametrize("days", ["x", "0", "121", "1 2 3 4 5 6 7", "-3", "٣", "1.5", "9" * 61])
def test_days_that_cannot_be_read_are_said_beside_the_field(
    support: FlaskClient, acme: Organization, days: str
) -> None:
    answer = post(support, f"{PATH}/settings", mails_bills="y", reminder_days=days)
    field = page(answer, 422).find(id="reminder_days")
    assert field["aria-invalid"] == "true"
    db.session.refresh(acme)
    assert acme.reminder_days == []


def test_customers_change_no_settings(customer: FlaskClient) -> None:
    assert post(customer, f"{PATH}/settings", reminder_days="3").status_code in (403, 404)


def test_a_refused_address_is_told_and_tried_again(
    support: FlaskClient, acme: Organization
) -> None:
    address = acme.email.lower()
    with transaction():
        note_refused(address, "550 No such user.", told_by="server", now=utc_now())
    assert f"No e-mails go to {address} 550 No such user." in text_of(support)
    assert post(support, f"{PATH}/accepted-addresses", accepted=address).status_code == 303
    assert db.session.scalars(select(RefusedAddress)).all() == []
    assert on_record() == ["mail.address_accepted"]
    assert post(support, f"{PATH}/accepted-addresses", accepted="x@x.example").status_code == 422


def test_a_command_notes_what_came_back(app: Flask, acme: Organization) -> None:
    runner = app.test_cli_runner()
    told = runner.invoke(args=["mails", "bounced", acme.email.upper(), "--reason", "Gone\n"])
    assert told.exit_code == 0, told.output
    [found] = db.session.scalars(select(RefusedAddress)).all()
    assert (found.address, found.told_by) == (acme.email.lower(), "report")
    assert on_record() == ["mail.address_refused"]
    assert runner.invoke(args=["mails", "bounced", "nonsense"]).exit_code == 1
    assert runner.invoke(args=["mails", "accept", acme.email]).exit_code == 0
    assert db.session.scalars(select(RefusedAddress)).all() == []
    assert "was not refused" in runner.invoke(args=["mails", "accept", acme.email]).output


def test_a_mail_that_waits_is_not_sent_again(
    support: FlaskClient, sent: Mail, mailbox: Kept
) -> None:
    db.session.execute(
        update(Mail).values(sent_at=None, next_attempt_at=utc_now() + timedelta(hours=1))
    )
    db.session.commit()
    assert post(support, f"{PATH}/{sent.id}/resends").status_code == 409
    assert text(page(support.get(f"{PATH}/{sent.id}")).h1) == "Invoice ready"
