"""Deciding on a line at Stripe that is not ours, from the pages."""

import pytest
from bs4 import BeautifulSoup
from bs4.element import Tag
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.billing.close import seal_now
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.models import AddedLine
from dashboard.transaction import transaction
from dashboard.views.formatting import money
from tests.pages import page, post, text_of
from tests.people import bill_of
from tests.support.added_lines import add_line

ACME = "/organizations/acme"


@pytest.fixture
def line(acme: Organization) -> AddedLine:
    """A line of $1.00 without a description that a comparison found on Acme's draft."""
    with transaction():
        return add_line(acme, "il_1", None)


def offered(client: FlaskClient, soup: BeautifulSoup) -> list[str]:
    """Return the decisions that the page behind a page's button offers; none without one."""
    links = soup.select("a[href$='/decisions/new']")
    if not links:
        return []
    return [field["value"] for field in chooser(client, links[0]["href"])]


def chooser(client: FlaskClient, address: str) -> list[Tag]:
    """Return what may be chosen on a page of a decision, of which nothing is chosen."""
    found = page(client.get(address)).select("input[name=decision]")
    assert not [one for one in found if one.has_attr("checked")]
    return found


def decide(browser: FlaskClient, line: AddedLine, decision: str, seen: str = "") -> int:
    """Send a decision from a page that showed `seen`, and return the status."""
    address = f"{ACME}/foreign-lines/{line.id}/decisions"
    fields = {"seen": seen, "cents": "100", "reason": "Sold on its own quote"}
    return post(browser, address, decision=decision, **fields).status_code


def test_a_line_without_a_description_reads_as_something(
    support: FlaskClient, line: AddedLine
) -> None:
    soup = page(support.get(ACME))
    assert "A line without a description of $1.00" in text_of(soup)
    assert offered(support, soup) == ["take_ours", "adopt", "leave"]


def test_a_left_line_stays_on_the_page_with_the_way_to_decide_anew(
    support: FlaskClient, line: AddedLine
) -> None:
    assert decide(support, line, "leave") == 303
    soup = page(support.get(ACME))
    assert "The invoice is on hold: a line was added at Stripe" in text_of(soup)
    assert "Left at Stripe by support@example.com" in text_of(soup)
    assert offered(support, soup) == ["take_ours", "adopt"]
    assert decide(support, line, "adopt", seen="leave") == 303
    assert offered(support, page(support.get(ACME))) == []


def test_the_column_of_stripes_amounts_has_a_row_for_the_line(
    support: FlaskClient, customer: FlaskClient, line: AddedLine
) -> None:
    rows = "section[aria-labelledby=items-title] tbody tr"
    theirs = page(support.get(ACME)).select(rows)[-1]
    assert text_of(theirs).endswith("$1.00 Added at Stripe")
    assert len(page(customer.get(ACME)).select(rows)) == 3
    decide(support, line, "adopt")
    assert "Added at Stripe" not in text_of(page(support.get(ACME)))


def test_what_was_left_is_said_wherever_the_invoice_is_looked_at(
    support: FlaskClient, customer: FlaskClient, acme: Organization
) -> None:
    with transaction():
        add_line(acme, "il_1", "leave")
        add_line(acme, "il_2", "leave")
    held = "On hold: 2 lines were added at Stripe and left there."
    for address in (ACME, f"{ACME}/syncs/new", f"{ACME}/rolls/new"):
        assert held in text_of(page(support.get(address))), address
    listed = text_of(page(support.get("/organizations?attention=held")))
    assert "Acme Freight" in listed
    assert "Other Labs" not in listed
    words = text_of(page(customer.get(ACME)))
    assert "differs by" in words
    assert "Our team is looking at it; your bill here is right." in words
    assert "not ours" not in words


def test_the_list_says_once_that_a_line_waits(support: FlaskClient, line: AddedLine) -> None:
    row = page(support.get("/organizations?attention=differs")).select_one("tbody tr")
    assert text_of(row).count("Differs") == 1


def test_a_line_of_an_earlier_invoice_is_not_said_of_the_current_one(
    support: FlaskClient, acme: Organization, line: AddedLine
) -> None:
    with transaction():
        seal_now(bill_of(acme), now=utc_now())
    row = page(support.get("/organizations?attention=differs")).select_one("tbody tr")
    assert "Differs" in text_of(row.select_one("td.cell-last"))
    assert "Differs" not in text_of(row.select_one("td.cell-second"))


def test_a_stale_tab_is_told_what_was_decided(support: FlaskClient, line: AddedLine) -> None:
    assert decide(support, line, "adopt") == 303
    address = f"{ACME}/foreign-lines/{line.id}/decisions"
    words = text_of(
        page(post(support, address, decision="take_ours", cents="100", reason="Ours"), 409)
    )
    assert "support@example.com has already decided on this line" in words
    assert decide(support, line, "adopt") == 303


@pytest.mark.parametrize(
    ("decision", "title", "before", "since"),
    [
        ("adopt", "Adopt theirs", "an adjustment on the invoice", "an adjustment on the invoice"),
        ("take_ours", "Take ours", "The next sync removes", "no longer on Stripe's draft"),
    ],
)
def test_the_page_of_a_decided_line_says_what_was_decided_by_whom_and_leads_back(
    support: FlaskClient, line: AddedLine, decision: str, title: str, before: str, since: str
) -> None:
    address = f"{ACME}/foreign-lines/{line.id}/decisions/new"
    assert decide(support, line, decision) == 303
    soup = page(support.get(address))
    said = f"Decision {title} Decided by support@example.com"
    assert said in text_of(soup)
    assert before in text_of(soup)
    with transaction():
        # As the sync that carries it out does.
        db.session.delete(db.session.get_one(AddedLine, line.id))
    soup = page(support.get(address))
    assert said in text_of(soup)
    assert "Reason Sold on its own quote" in text_of(soup)
    assert since in text_of(soup)
    assert soup.find("a", string="Back to the invoice")["href"] == f"{ACME}/invoices/1"


def test_a_form_about_a_line_that_is_gone_is_answered_as_it_was_or_told_what_was_decided(
    support: FlaskClient, line: AddedLine
) -> None:
    line_id = line.id
    assert decide(support, line, "adopt") == 303
    with transaction():
        db.session.delete(db.session.get_one(AddedLine, line_id))
    address = f"{ACME}/foreign-lines/{line_id}/decisions"
    sent = {"cents": "100", "reason": "Sold on its own quote", "seen": ""}
    again = post(support, address, decision="adopt", **sent)
    assert (again.status_code, again.location) == (303, f"{ACME}/invoices/1")
    other = text_of(page(post(support, address, decision="take_ours", **sent), 409))
    assert "support@example.com decided on this line on" in other
    assert "Nothing was changed" in other


def test_another_organizations_line_is_not_told_of(support: FlaskClient, line: AddedLine) -> None:
    assert decide(support, line, "adopt") == 303
    for gone in (f"other/foreign-lines/{line.id}", "acme/foreign-lines/987654"):
        assert support.get(f"/organizations/{gone}/decisions/new").status_code == 404


def test_a_sealed_invoice_says_why_its_line_is_not_adopted(
    support: FlaskClient, acme: Organization, line: AddedLine
) -> None:
    with transaction():
        seal_now(bill_of(acme), now=utc_now())
    soup = page(support.get(f"{ACME}/invoices/1"))
    assert offered(support, soup) == ["take_ours", "leave"]
    assert "can no longer be adopted" in text_of(soup)
    assert decide(support, line, "adopt") == 409


def test_each_choice_says_what_it_does_before_it_is_made(
    support: FlaskClient, acme: Organization, line: AddedLine
) -> None:
    with transaction():
        bill = bill_of(acme)
        bill.stripe_total_cents = bill.total_cents + 100
        total, stripe = bill.total_cents, bill.stripe_total_cents
    soup = page(support.get(f"{ACME}/foreign-lines/{line.id}/decisions/new"))
    ours, theirs, left = (text_of(one) for one in soup.select(".choice"))
    now, more = money(total, "usd"), money(total + 100, "usd")
    assert f"Ledger {now} stays Stripe {money(stripe, 'usd')} → {now}" in ours
    assert f"Ledger {now} → {more} Stripe {more} stays The bill grows by $1.00" in theirs
    assert f"Ledger {now} stays Stripe {more} stays The bill stays {now}" in left
    assert [one.text for one in soup.select(".decide-button")] == [
        "Remove the line at Stripe", "Adopt $1.00", "Leave the line, hold the invoice",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"decision": "adopt", "cents": "100"},
        {"decision": "adopt", "cents": "100", "reason": " "},
        {"cents": "100", "reason": "Ours"},
        {"decision": "burn", "cents": "100", "reason": "Ours"},
        {"decision": "adopt", "cents": "1e2", "reason": "Ours"},
    ],
)
def test_without_a_choice_or_a_reason_nothing_is_done(
    support: FlaskClient, acme: Organization, line: AddedLine, fields: dict[str, str]
) -> None:
    before = bill_of(acme).total_cents
    page(post(support, f"{ACME}/foreign-lines/{line.id}/decisions", **fields), 422)
    db.session.expire_all()
    assert (bill_of(acme).total_cents, line.decision) == (before, None)


def test_a_line_that_changed_meanwhile_is_looked_at_again(
    support: FlaskClient, acme: Organization, line: AddedLine
) -> None:
    with transaction():
        line.amount_cents = 25000
    assert decide(support, line, "adopt") == 409
    db.session.expire_all()
    assert line.decision is None


def test_the_reason_is_on_record_and_on_the_adjustment(
    support: FlaskClient, line: AddedLine
) -> None:
    assert decide(support, line, "adopt") == 303
    reasons = [one.reason for one in db.session.scalars(select(AuditEntry))]
    assert reasons.count("Sold on its own quote") == 2
