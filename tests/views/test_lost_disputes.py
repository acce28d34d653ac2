"""A dispute that was lost is past due until it is settled, or appealed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from dashboard.billing.corrections import keep_correction
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.support.issued_bills import ADDRESS
from tests.support.needs import sentences
from tests.support.refund_pages import pay_first
from tests.support.refunds import disputed

RETURNED = "/past-due?age=returned"
NOW = utc_now()


@pytest.fixture
def lost(acme: Organization) -> Invoice:
    """Acme's first invoice, paid, and taken back by a bank three days ago."""
    invoice = pay_first(acme)
    hear(invoice, "lost", 3)
    return invoice


def hear(invoice: Invoice, status: str, days_ago: int) -> None:
    at = NOW - timedelta(days=days_ago)
    with transaction():
        remote = disputed(status, invoice.total_cents, made_at=at, as_of=at)
        keep_correction(invoice, remote)


def rows(client: FlaskClient, address: str = RETURNED) -> list[str]:
    return [text_of(one) for one in page(client.get(address)).select("tbody tr")]


def needs() -> list[str]:
    return [one for one in sentences() if one.startswith("Returned by the bank")]


def test_it_is_a_list_of_its_own_with_what_it_comes_to(support: FlaskClient, lost: Invoice) -> None:
    [row] = rows(support)
    assert "F-0001" in row
    assert "3 days" in row
    assert "Returned by the bank" in row
    assert "A dispute was lost." in row
    assert rows(support, "/past-due") == []
    ages = text_of(page(support.get("/past-due")).select_one("[aria-labelledby=ages-title]"))
    assert "Returned by the bank" in ages
    assert len(rows(support, f"{RETURNED}&sort=-amount")) == 1
    assert "charged_back" in support.get("/past-due.csv?age=returned").text


def test_it_needs_a_person_until_it_is_settled(
    support: FlaskClient, customer: FlaskClient, lost: Invoice
) -> None:
    [said] = needs()
    assert "A dispute over invoice F-0001 was lost" in said
    link = page(support.get(ADDRESS)).find("a", string="Settle…")["href"]
    assert "was returned by the bank" in text_of(page(support.get(link)))
    assert customer.get(link).status_code == 403
    answer = post(support, link.removesuffix("/new"), reason="Charged again")
    assert answer.status_code == 303
    assert (needs(), rows(support)) == ([], [])


def test_an_appeal_takes_it_away_and_lost_again_it_is_back(
    support: FlaskClient, lost: Invoice
) -> None:
    link = page(support.get(ADDRESS)).find("a", string="Settle…")["href"]
    post(support, link.removesuffix("/new"), reason="We appeal")
    hear(lost, "appeal_under_review", 2)
    assert (needs(), rows(support)) == ([], [])
    hear(lost, "lost", 1)
    assert len(needs()) == len(rows(support)) == 1
    hear(lost, "won", 0)
    assert (needs(), rows(support)) == ([], [])
