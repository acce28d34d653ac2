"""Past invoices, one of them, and its CSV."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.carry import carry_over
from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.outcome import put_on_hold
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.views.formatting import money
from tests.factories import SUPPORT
from tests.pages import page, text_of
from tests.people import People, bill_of
from tests.support.invoice_pages import ADDRESS, issue, seal


def credit(acme: Organization, cents: int, description: str = "Goodwill") -> None:
    """Credit the current invoice."""
    with transaction():
        add_adjustment(
            bill_of(acme),
            Money(cents, "usd"),
            reason="r",
            description=description,
            actor=SUPPORT,
            now=utc_now(),
            key=description,
        )


@pytest.fixture
def issued_first(acme: Organization) -> InvoiceItem:
    """Usage of $60.00 that Stripe billed with $64.19, as it issued the invoice before a change."""
    with transaction():
        invoice = seal(acme)
        usage = next(item for item in invoice.items if item.kind == "metered")
        billed = {item.key: item.amount_cents for item in invoice.items} | {usage.key: 6419}
        carry_over(invoice, billed, now=utc_now())
        issue(invoice)
    return usage


def test_the_first_invoice_is_announced(customer: FlaskClient) -> None:
    assert "Your first invoice appears here after" in text_of(page(customer.get(ADDRESS)))


def test_past_invoices_are_listed_with_their_links(
    customer: FlaskClient, finalized: Invoice
) -> None:
    soup = page(customer.get(ADDRESS))
    assert "ACME-0001" in text_of(soup)
    assert "Past due" in text_of(soup)
    links = {link.get_text(strip=True): link for link in soup.select("td.actions a")}
    assert links["Pay"]["href"] == f"{ADDRESS}/1/hosted-page"
    assert links["Pay"]["rel"] == ["noopener", "noreferrer"]
    # Ours, which needs no Stripe; the way to Stripe's is on the invoice's own page.
    assert links["PDF"]["href"] == f"{ADDRESS}/1.pdf"
    assert links["Document"]["href"] == f"{ADDRESS}/1/document"


def test_an_invoice_shows_its_lines_and_what_is_due(
    customer: FlaskClient, finalized: Invoice
) -> None:
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "ACME-0001" in words
    assert "API requests" in words
    assert "At Stripe" not in words


def test_an_invoice_that_stripe_issued_first_adds_up(
    customer: FlaskClient, issued_first: InvoiceItem
) -> None:
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "$64.19 −$4.19 carried to a later invoice, $60.00 in all" in words
    rows = list(csv.DictReader(io.StringIO(customer.get(f"{ADDRESS}/1.csv").text)))
    total = db.session.get_one(Invoice, issued_first.invoice_id).total_cents
    assert sum(Decimal(row["amount"]) for row in rows) * 100 == total
    explained = text_of(page(customer.get(f"{ADDRESS}/1/items/{issued_first.id}")))
    assert "The invoice was issued with $64.19 for it" in explained


def test_a_credit_says_where_it_goes(
    customer: FlaskClient, acme: Organization, people: People
) -> None:
    credit(acme, -100_000)
    words = text_of(page(customer.get("/organizations/acme")))
    assert "the credit goes to the balance at Stripe and is taken off the next invoices" in words
    with transaction():
        invoice = seal(acme)
        invoice.status = "paid"
        invoice.finalized_at = invoice.paid_at = utc_now()
        invoice.amount_due_cents = 0
    amount = money(-invoice.total_cents, "usd")
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert f"Nothing is due. Its credit of {amount} stays on the balance at Stripe" in words
    words = text_of(page(customer.get("/organizations/acme")))
    assert f"Credit of {amount} on the balance It is what invoice 1 left on the" in words


def test_what_stripe_took_off_is_said(customer: FlaskClient, finalized: Invoice) -> None:
    with transaction():
        invoice = db.session.get_one(Invoice, finalized.id)
        invoice.stripe_total_cents, invoice.amount_due_cents = 5000, 4000
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "$10.00 was taken off at Stripe, from the balance or by a credit note" in words


def test_nothing_is_owed_of_a_void_invoice(customer: FlaskClient, finalized: Invoice) -> None:
    with transaction():
        invoice = db.session.get_one(Invoice, finalized.id)
        invoice.status, invoice.amount_due_cents, invoice.due_at = "void", 0, None
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "Amount due $0.00 Nothing is owed: the invoice is void" in words


def test_no_line_of_an_issued_invoice_waits_for_a_sync(
    support: FlaskClient, issued_first: InvoiceItem
) -> None:
    table = page(support.get(f"{ADDRESS}/1")).select_one("table")
    assert "Carried over" in text_of(table)
    assert "Next sync" not in text_of(table)


def test_a_failed_payment_is_said_with_the_way_out(
    customer: FlaskClient, finalized: Invoice
) -> None:
    with transaction():
        db.session.get_one(Invoice, finalized.id).payment_failure = "Your card was declined."
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "Your card was declined." in words
    assert "Manage payment at Stripe" in words


def test_a_parked_invoice_is_said_once_and_in_words_for_its_reader(
    customer: FlaskClient, support: FlaskClient, acme: Organization
) -> None:
    with transaction():
        invoice = bill_of(acme)
        seal_now(invoice, now=utc_now())
        put_on_hold(invoice, "total_differs", "The totals differ.", now=utc_now())
    for address in (f"{ADDRESS}/1", ADDRESS, "/organizations/acme"):
        words = text_of(page(customer.get(address)))
        assert "Being checked" in words, address
        assert "On hold" not in words, address
        assert "Checking" not in words, address
    assert "Being finalized at Stripe" not in text_of(page(customer.get(f"{ADDRESS}/1")))
    soup = page(support.get(f"{ADDRESS}/1"))
    assert text_of(soup).count("The totals differ.") == 1
    assert len(soup.select("input[name=verify]")) == 1 + len(
        soup.select(".page-head [name=verify]")
    )


def test_the_current_invoice_has_its_own_page(customer: FlaskClient) -> None:
    assert customer.get(f"{ADDRESS}/1").location == "/organizations/acme"


def test_an_unknown_invoice_is_not_found(customer: FlaskClient) -> None:
    page(customer.get(f"{ADDRESS}/7"), 404)


def test_the_csv_holds_raw_amounts_and_runs_nothing(
    customer: FlaskClient, acme: Organization
) -> None:
    credit(acme, -123456, "=HYPERLINK(1)")
    answer = customer.get(f"{ADDRESS}/1.csv")
    assert answer.mimetype == "text/csv"
    assert "acme-invoice-1-" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    last = next(row for row in rows if "HYPERLINK" in row["item"])
    assert last["item"] == "'=HYPERLINK(1)"
    assert (last["amount"], last["currency"]) == ("-1234.56", "USD")


def test_what_is_too_small_to_charge_is_said_at_both_ends(
    customer: FlaskClient, finalized: Invoice
) -> None:
    with transaction():
        small = db.session.get_one(Invoice, finalized.id)
        small.stripe_invoice_id, small.status = "in_1", "paid"
        small.stripe_total_cents, small.amount_due_cents = 30, 0
        small.starting_balance_cents, small.ending_balance_cents = 0, 30
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "Below Stripe's minimum charge of $0.50: $0.30 is carried to the next invoice" in words
    assert "Balance at Stripe: $0.00 before, $0.30 owed after" in words
    words = text_of(page(customer.get("/organizations/acme")))
    assert "$0.30 from invoice ACME-0001 will be added" in words
    with transaction():
        following = bill_of(finalized.organization)
        seal_now(following, now=following.period_end)
        following.status, following.stripe_total_cents = "open", 500
        following.amount_due_cents = 530
        following.starting_balance_cents, following.ending_balance_cents = 30, 0
    words = text_of(page(customer.get(f"{ADDRESS}/2")))
    assert "$0.30 added by Stripe from invoice ACME-0001" in words


def test_a_credit_says_how_much_of_it_stays_on_the_balance(
    customer: FlaskClient, finalized: Invoice
) -> None:
    organization = finalized.organization
    credit(organization, -bill_of(organization).total_cents - 45, "Sorry")
    with transaction():
        following = bill_of(organization)
        seal_now(following, now=following.period_end)
        following.status, following.finalized_at = "paid", utc_now()
        following.stripe_total_cents, following.amount_due_cents = -45, 0
        following.starting_balance_cents, following.ending_balance_cents = 40, -5
    words = text_of(page(customer.get(f"{ADDRESS}/2")))
    assert "Of its credit of $0.45, $0.40 went to what was owed on the balance" in words
    assert "$0.05 stays there and is taken off the next invoices" in words
    assert "credit of $0.45 stays" not in words


def test_a_void_invoice_says_that_its_credit_is_on_the_balance_again(
    customer: FlaskClient, finalized: Invoice
) -> None:
    with transaction():
        void, following = finalized, bill_of(finalized.organization)
        seal_now(following, now=following.period_end)
        following.status, following.finalized_at = "open", void.finalized_at
        following.stripe_invoice_id, following.stripe_total_cents = "in_2", 500
        following.amount_due_cents = 500
        following.starting_balance_cents = following.ending_balance_cents = 0
        void.status, void.voided_at = "void", void.finalized_at + timedelta(seconds=1)
        void.starting_balance_cents, void.ending_balance_cents = -2600, 0
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "The $26.00 credit it had used is back on the balance at Stripe" in words
    words = text_of(page(customer.get("/organizations/acme")))
    assert "Credit of $26.00 on the balance" in words
    with transaction():
        void.starting_balance_cents, void.ending_balance_cents = 30, 0
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "$0.30 it had taken from the balance at Stripe is back there" in words
    assert "$0.30 from the balance will be added" in text_of(
        page(customer.get("/organizations/acme"))
    )
