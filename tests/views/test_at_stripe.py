"""Three sides of an invoice: the ledger, what was agreed, and Stripe as somebody last read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError, Missing, OutcomeUnknown
from dashboard.gateway.records import LineContent, RemoteLine
from dashboard.organizations.models import Organization
from dashboard.sync.models import AddedLine, SyncedLine
from dashboard.sync.snapshot import glance
from dashboard.transaction import transaction
from tests.pages import page, post, text_of

PATH = "/organizations/acme/at-stripe"
READ = f"{PATH}/readings"
AGREED = ("key", "amount_cents", "description", "period_start", "period_end")


class Lines:
    """A gateway at which an invoice has these lines, or which fails; it counts who asks."""

    def __init__(self, *lines: RemoteLine, error: GatewayError | None = None) -> None:
        self.there, self.error, self.asked = list(lines), error, 0

    def lines(self, _invoice_id: str) -> list[RemoteLine]:
        """Return what is there."""
        self.asked += 1
        if self.error:
            raise self.error
        return self.there


@pytest.fixture
def invoice(acme: Organization) -> Invoice:
    """Acme's draft, agreed with Stripe an hour ago."""
    with transaction():
        found = current_invoice(acme)
        found.stripe_invoice_id = "in_acme"
        found.last_synced_at = utc_now() - timedelta(hours=1)
        db.session.flush()
        for number, line in enumerate(glance(found).desired):
            agreed = {name: getattr(line, name) for name in AGREED}
            db_line = SyncedLine(
                organization_id=acme.id,
                invoice_id=found.id,
                stripe_line_id=f"il_{number}",
                **agreed,
            )
            db.session.add(db_line)
    return found


def remote(line: LineContent, number: int, **other: Any) -> RemoteLine:
    """Return a line of ours as Stripe shows it."""
    told = {name: getattr(line, name) for name in AGREED}
    return RemoteLine(id=f"il_{number}", **(told | other))


def theirs(invoice: Invoice) -> list[RemoteLine]:
    """Return what Stripe has where it was agreed."""
    return [remote(line, number) for number, line in enumerate(glance(invoice).desired)]


def added(cents: int = 25_000) -> RemoteLine:
    """Return a line that is not ours."""
    now = utc_now()
    return RemoteLine("il_theirs", None, cents, "Onboarding workshop", now, now)


def read(
    app: Flask, support: FlaskClient, monkeypatch: pytest.MonkeyPatch, *lines: RemoteLine
) -> BeautifulSoup:
    """Return the page after somebody read these lines at Stripe."""
    monkeypatch.setitem(app.extensions, "page_gateway", Lines(*lines))
    assert post(support, READ).status_code == 303
    return page(support.get(PATH))


def rows(soup: BeautifulSoup) -> list[str]:
    """Return the lines as they are read."""
    return [text_of(row) for row in soup.select("table.three-way tbody tr")]


@pytest.mark.usefixtures("invoice")
def test_opening_the_page_reads_nothing_at_stripe(
    app: Flask, support: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = Lines(error=OutcomeUnknown("Nobody should ask."))
    monkeypatch.setitem(app.extensions, "page_gateway", gateway)
    soup = page(support.get(PATH))
    assert gateway.asked == 0
    assert "Stripe was not read yet" in text_of(soup)
    assert all("Equal" in row for row in rows(soup))
    assert "Read Stripe now" in text_of(soup)


def test_a_line_that_a_sync_noted_is_there_before_anybody_reads_stripe(
    support: FlaskClient, invoice: Invoice
) -> None:
    with transaction():
        line = AddedLine(
            organization_id=invoice.organization_id, invoice_id=invoice.id,
            stripe_line_id="il_theirs", description="Onboarding workshop", amount_cents=25_000,
            found_at=utc_now(),
        )  # fmt: skip
        db.session.add(line)
    text = text_of(page(support.get(PATH)))
    assert "Onboarding workshop – – $250.00 +$250.00" in text
    assert "Only what differs 1" in text
    assert "Needs a decision 1" in text
    assert "Stripe was not read yet." in text


@pytest.mark.parametrize(
    ("cents", "decision", "says"),
    [
        (None, None, "Agreed, "),
        (25_000, None, "Sent, "),
        (25_000, "leave", "Sent, "),
        (25_000, "take_ours", "Sent, "),
        (25_000, "adopt", "Agreed, "),
    ],
)
def test_agreed_is_said_of_a_moment_at_which_both_totals_were_equal(
    support: FlaskClient, invoice: Invoice, cents: int | None, decision: str | None, says: str
) -> None:
    with transaction():
        if cents is not None:
            line = AddedLine(
                organization_id=invoice.organization_id, invoice_id=invoice.id,
                stripe_line_id="il_theirs", description="Onboarding workshop", amount_cents=cents,
                found_at=utc_now(), decision=decision,
            )  # fmt: skip
            db.session.add(line)
    heads = [text_of(one) for one in page(support.get(PATH)).select("table.three-way th")]
    assert heads[3].startswith(says)


def test_totals_that_were_apart_when_sent_are_not_called_agreed(
    support: FlaskClient, invoice: Invoice
) -> None:
    with transaction():
        invoice.stripe_total_cents = (invoice.synced_total_cents or 0) + 1
    text = text_of(page(support.get(PATH)))
    assert "Sent, " in text
    assert "Agreed, " not in text


def test_what_is_equal_on_three_sides_says_so(
    app: Flask, support: FlaskClient, invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    soup = read(app, support, monkeypatch, *theirs(invoice))
    assert "Every line is equal" in text_of(soup)
    assert f"Read {len(rows(soup))} lines at Stripe" in text_of(soup)
    assert "by support@example.com" in text_of(soup)


def test_each_kind_of_difference_names_what_repairs_it(
    app: Flask, support: FlaskClient, invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *rest = theirs(invoice)
    changed = replace(first, amount_cents=first.amount_cents + 700)
    soup = read(app, support, monkeypatch, changed, *rest, added())
    told = rows(soup)
    assert "Onboarding workshop" in told[0]
    assert "+$250.00 Added at Stripe" in told[0]
    assert any("+$7.00 Changed at Stripe Verify" in row for row in told)
    assert any(second.description in row and "Missing at Stripe Verify" in row for row in told)
    foot = text_of(soup.select_one(".card-foot"))
    expected = 25_000 + 700 - second.amount_cents
    assert f"The difference is {'+' if expected > 0 else ''}" in foot
    assert "+$250.00 added at Stripe" in foot
    only = page(support.get(PATH, query_string={"show": "decision"}))
    assert len(rows(only)) == 1
    differs = page(support.get(PATH, query_string={"show": "differs"}))
    assert len(rows(differs)) == 3


def test_what_the_ledger_counted_since_waits_for_the_next_sync(
    app: Flask, support: FlaskClient, acme: Organization, invoice: Invoice,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    there = theirs(invoice)
    with transaction():
        agreed = db.session.query(SyncedLine).filter_by(key=there[0].key).one()
        agreed.amount_cents -= 4
    there[0] = replace(there[0], amount_cents=there[0].amount_cents - 4)
    soup = read(app, support, monkeypatch, *there)
    assert "−$0.04 Next sync Preview sync" in rows(soup)[0]
    assert "−$0.04 that the next sync sends." in text_of(soup.select_one(".card-foot"))


def test_a_line_that_a_sync_noted_leads_to_its_decision(
    app: Flask, support: FlaskClient, acme: Organization, invoice: Invoice,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with transaction():
        line = AddedLine(
            organization_id=acme.id, invoice_id=invoice.id, stripe_line_id="il_theirs",
            description="Onboarding workshop", amount_cents=25_000, found_at=utc_now(),
        )  # fmt: skip
        db.session.add(line)
    soup = read(app, support, monkeypatch, *theirs(invoice), added())
    assert soup.select_one("tr.is-added a.btn").text == "Decide"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OutcomeUnknown("No reply came."), "Stripe does not answer now"),
        (Missing("There is none."), "Stripe no longer has this invoice"),
    ],
)
def test_when_stripe_is_away_the_last_reading_stays(
    app: Flask, support: FlaskClient, invoice: Invoice, monkeypatch: pytest.MonkeyPatch,
    error: GatewayError, says: str,
) -> None:  # fmt: skip
    read(app, support, monkeypatch, *theirs(invoice), added())
    monkeypatch.setitem(app.extensions, "page_gateway", Lines(error=error))
    assert post(support, READ).status_code == 303
    soup = page(support.get(PATH))
    assert says in text_of(soup)
    assert "Onboarding workshop" in rows(soup)[0]


def test_a_reading_from_before_the_last_sync_says_so(
    app: Flask, support: FlaskClient, invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(app, support, monkeypatch, *theirs(invoice))
    with transaction():
        invoice.last_synced_at = utc_now() + timedelta(minutes=1)
    soup = page(support.get(PATH))
    assert "Stripe was read before the last sync" in text_of(soup)
    # What was read then is compared with nothing: each line would seem to have changed there.
    assert "Nothing differs" in text_of(page(support.get(f"{PATH}?show=differs")))
    assert "Verify" not in text_of(soup.find("table"))


def test_a_reading_of_a_draft_that_was_lost_is_not_of_the_new_one(
    app: Flask, support: FlaskClient, invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(app, support, monkeypatch, *theirs(invoice))
    with transaction():
        invoice.stripe_invoice_id = "in_another"
    assert "Stripe was not read yet" in text_of(page(support.get(PATH)))


def test_what_stripe_was_not_told_of_is_not_read(
    app: Flask, support: FlaskClient, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = Lines()
    monkeypatch.setitem(app.extensions, "page_gateway", gateway)
    assert post(support, READ).status_code == 303
    assert gateway.asked == 0
    assert "This invoice is not at Stripe yet" in text_of(page(support.get(PATH)))
