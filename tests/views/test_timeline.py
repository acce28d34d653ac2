"""The timeline as its page tells it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy

from dashboard.audit.actor import Actor
from dashboard.billing.draft import current_invoice
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.reading.timeline.wanted import OF_STAFF
from dashboard.sync.models import AddedLine
from dashboard.views.timeline import LABELS
from tests.pages import page, text_of
from tests.people import People
from tests.reading.timeline import act, alert, event, run

PATH = "/organizations/acme/timeline"
FOREIGN = {
    "state": "foreign", "key": None, "line_id": "il_1", "ours": None, "agreed": None,
    "theirs": {"description": "Onboarding workshop", "amount_cents": 25_000},
}  # fmt: skip


def said(client: FlaskClient, **asked: str) -> str:
    """Return what the list says, on one line."""
    soup = page(client.get(PATH, query_string=asked))
    return " ".join(text_of(one) for one in soup.select("ol.timeline"))


def test_support_reads_who_did_what_and_why_and_is_led_there(support: FlaskClient) -> None:
    text = said(support)
    assert "Credit of $5.00: “Goodwill credit”" in text
    assert "“Outage”" in text
    assert "support@example.com" in text
    assert "Managed database db-0 attached 1 from" in text
    soup = page(support.get(PATH))
    assert soup.find(
        "a", href="/organizations/acme/adjustments", string="Credit of $5.00: “Goodwill credit”"
    )
    assert soup.select_one("ul.tabs a[aria-current]").text == "Timeline"


def test_a_customer_reads_neither_reasons_nor_which_of_us_it_was(
    customer: FlaskClient, acme: Organization, people: People, db: SQLAlchemy
) -> None:
    by = Actor("user", people.support, "support@example.com")
    act(acme, "budget.set", at=utc_now(), by=by, cents=5_000, currency="usd")
    db.session.commit()
    text = said(customer)
    assert "Credit of $5.00" in text
    assert "Billing team" in text
    assert "Outage" not in text
    assert "support@example.com" not in text


def test_what_a_member_did_bears_their_name(
    customer: FlaskClient, acme: Organization, people: People, db: SQLAlchemy
) -> None:
    by = Actor("user", people.customer, "customer@example.com")
    act(acme, "budget.set", at=utc_now(), by=by, cents=5_000, currency="usd")
    db.session.commit()
    assert "Budget set to $50.00 customer@example.com" in said(customer)


def test_syncs_say_what_they_sent_and_found(
    support: FlaskClient, customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    sent = {"lines_changed": 2, "cents_before": 113_411, "cents_after": 113_723}
    run(acme, **sent)
    run(acme, verify=True, findings=[FOREIGN])
    run(acme, verify=True)
    run(acme, state="failed", error="Stripe does not answer.", actor_kind="user", actor_label="Sam")
    db.session.commit()
    text = said(support, kind="syncs")
    assert "Sync sent 2 changes, totals equal +$3.12, both $1,137.23" in text
    assert "Check found a line added at Stripe “Onboarding workshop”, $250.00" in text
    assert "Check found nothing that differs" in text
    assert "Sync failed Stripe does not answer. · Sam" in text
    assert "Sync" not in said(customer)


def test_totals_are_not_called_equal_while_stripe_holds_a_line_of_its_own(
    support: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    sent = {"lines_changed": 2, "cents_before": 138_700, "cents_after": 138_723}
    made = run(acme, **sent)
    line = AddedLine(
        organization_id=acme.id, invoice_id=made.invoice_id, stripe_line_id="il_workshop",
        description="Onboarding workshop", amount_cents=25_000,
        found_at=made.created_at - timedelta(minutes=1),
    )  # fmt: skip
    db.session.add(line)
    db.session.commit()
    text = said(support, kind="syncs")
    assert "Sync sent 2 changes +$0.23, $1,387.23 at Stripe with a line we did not send" in text
    assert "totals equal" not in text


def test_a_sync_of_before_a_decision_does_not_become_one_of_equal_totals(
    support: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    sent = {"lines_changed": 2, "cents_before": 138_700, "cents_after": 138_723}
    run(acme, **sent, lines_not_ours=1)
    db.session.commit()
    text = said(support, kind="syncs")
    assert "Sync sent 2 changes +$0.23, $1,387.23 at Stripe with a line we did not send" in text


def test_a_sync_of_before_a_line_was_added_at_stripe_keeps_its_equal_totals(
    support: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    made = run(acme, lines_changed=2, cents_before=100, cents_after=123, lines_not_ours=0)
    line = AddedLine(
        organization_id=acme.id, invoice_id=made.invoice_id, stripe_line_id="il_workshop",
        description="Onboarding workshop", amount_cents=25_000, found_at=made.created_at,
    )  # fmt: skip
    db.session.add(line)
    db.session.commit()
    assert "Sync sent 2 changes, totals equal" in said(support, kind="syncs")


def test_bills_and_payments_are_told_by_the_invoices_themselves(
    customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    invoice, now = current_invoice(acme), utc_now()
    invoice.number, invoice.finalized_at, invoice.paid_at = "ACME-1", now, now
    invoice.amount_paid_cents, invoice.payment_failed_at = 4_242, now - timedelta(days=1)
    invoice.decline = {"code": "insufficient_funds", "at": 1}
    db.session.commit()
    text = said(customer)
    assert "Invoice ACME-1 paid, $42.42" in text
    assert "Invoice ACME-1 issued" in text
    assert (
        "Payment of invoice ACME-1 declined The bank says the card has insufficient funds." in text
    )


def test_an_alert_names_who_was_mailed_to_us_alone(
    support: FlaskClient, customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    alert(acme, "bob@acme.example", at=utc_now())
    db.session.commit()
    told = "50% of the budget of $2,000.00 used $1,001.22; mailed to"
    assert f"{told} bob@acme.example" in said(support, kind="alerts")
    assert f"{told} those who get its e-mails" in said(customer, kind="alerts")


def test_an_event_shows_its_type_and_what_became_of_it(
    support: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    acme.stripe_customer_id = "cus_acme"
    event("cus_acme", type="customer.updated", state="dead", error="It broke.", result=None)
    db.session.commit()
    soup = page(support.get(PATH, query_string={"kind": "events"}))
    assert soup.find("code", string="customer.updated")
    assert "It broke." in text_of(soup.select_one("li.is-bad"))


def test_filters_live_in_the_address_and_stay_while_paging(
    support: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    for number in range(60):
        act(acme, "budget.set", at=utc_now(), cents=number, currency="usd")
    db.session.commit()
    soup = page(support.get(PATH, query_string={"kind": "money", "first": "2020-01-01"}))
    older = soup.find("a", rel="next")["href"]
    assert "kind=money" in older
    assert "first=2020-01-01" in older
    rest = page(support.get(older))
    assert "Credit of $5.00" in text_of(rest)
    assert rest.find("a", string="Newest")
    assert rest.select_one(".timeline-kinds [aria-current]").text == "Money"


@pytest.mark.parametrize("asked", ["kind=nothing", "first=tomorrow", "last=2001-01-01"])
def test_what_cannot_be_read_or_found_is_said_in_a_page(support: FlaskClient, asked: str) -> None:
    assert page(support.get(f"{PATH}?{asked}"))


def test_customers_choose_among_their_kinds(customer: FlaskClient, support: FlaskClient) -> None:
    def chosen(client: FlaskClient) -> list[str]:
        return [one.text for one in page(client.get(PATH)).select(".timeline-kinds a")]

    assert chosen(support) == ["All", *LABELS.values()]
    assert chosen(customer) == ["All"] + [
        label for kind, label in LABELS.items() if kind not in OF_STAFF
    ]


def test_words_that_were_typed_by_anybody_are_text(
    support: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    act(acme, "membership.created", at=utc_now(), email="<b>x</b>@example.com")
    db.session.commit()
    assert "<b>x</b>" not in support.get(PATH).text
    assert "<b>x</b>@example.com sees the organization" in said(support)
