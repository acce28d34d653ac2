"""An invoice as a document: what its page says, and what is read back from its PDF."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.billing.close import seal_now
from dashboard.billing.models import Adjustment, Invoice
from dashboard.billing.reverse import reverse_adjustment
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.usage.reported import ReportedRecord
from dashboard.views import paper_pdf
from dashboard.views.formatting import money
from tests.factories import SUPPORT, MeteredPriceFactory, PriceFactory, make_service
from tests.pages import page, text_of
from tests.people import bill_of, make_bill
from tests.support.usage import record_batch

INVOICE = "/organizations/acme/invoices/1"
PDF, DOCUMENT = f"{INVOICE}.pdf", f"{INVOICE}/document"
TAX = 245


def read(client: FlaskClient, address: str = PDF) -> str:
    """Return the words of a PDF, with single spaces."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/pdf"
    sheets = PdfReader(io.BytesIO(answer.data)).pages
    return " ".join(" ".join(sheet.extract_text() for sheet in sheets).split())


@pytest.fixture
def paid(acme: Organization) -> Invoice:
    """Acme's first invoice, issued with tax and paid."""
    with transaction():
        invoice = bill_of(acme)
        seal_now(invoice, now=utc_now())
        due = invoice.total_cents + TAX
        invoice.status, invoice.number = "open", "ACME-0001"
        invoice.finalized_at = utc_now()
        invoice.amount_due_cents = invoice.amount_paid_cents = due
        invoice.amount_remaining_cents, invoice.tax_cents = 0, TAX
        invoice.stripe_invoice_id = "in_1"
        invoice.billed_to = {
            "name": "Acme Freight, LLC",
            "address": ["27 Quayside Road", "Port Elwin, WA 98000", "US"],
            "tax_ids": ["00-7654321"],
        }
        db.session.flush()
        invoice.status, invoice.paid_at = "paid", utc_now()
    return invoice


@pytest.mark.parametrize("address", [PDF, DOCUMENT])
def test_a_paid_invoice_says_who_what_and_that_nothing_remains(
    customer: FlaskClient, paid: Invoice, address: str
) -> None:
    words = read(customer) if address == PDF else text_of(page(customer.get(address)))
    for part in (
        "Invoice", "ACME-0001", "Acme Freight, LLC", "27 Quayside Road", "Tax ID 00-7654321",
        "Paid in full", "API requests", "1,200 requests", "$0.05", "Credit: Goodwill credit −$5.00",
        f"Before tax {money(paid.total_cents, 'usd')}", "Tax $2.45",
        f"Total {money(paid.total_cents + TAX, 'usd')}", "Remaining $0.00",
    ):  # fmt: skip
        assert part in words, part
    assert "Amount due" not in words
    assert "Draft" not in words


@pytest.mark.parametrize("address", [PDF, DOCUMENT])
def test_a_draft_says_that_it_is_one(
    customer: FlaskClient, acme: Organization, address: str
) -> None:
    words = read(customer) if address == PDF else text_of(page(customer.get(address)))
    assert "This is a draft: it is not an invoice" in words
    assert f"Total before tax {money(bill_of(acme).total_cents, 'usd')}" in words
    assert "Given when it is issued" in words
    assert "Remaining" not in words


def test_a_void_invoice_says_so(customer: FlaskClient, acme: Organization) -> None:
    with transaction():
        invoice = bill_of(acme)
        seal_now(invoice, now=utc_now())
        invoice.status, invoice.number, invoice.amount_due_cents = "open", "V-1", 0
        invoice.finalized_at = utc_now()
        db.session.flush()
        invoice.status, invoice.voided_at = "void", utc_now()
    words = read(customer)
    assert "This invoice is void. Nothing is owed on it." in words
    assert "Remaining $0.00" in words


def test_the_seller_stands_at_the_head(
    app: Flask, customer: FlaskClient, paid: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = app.extensions["config"]
    for name, value in (
        ("seller_name", "Tallowmere Cloud, Inc."),
        ("seller_address", "418 Alder Street; Springfield, OR 97000"),
        ("seller_tax_id", "00-1234567"),
        ("seller_email", "billing@tallowmere.example"),
    ):
        monkeypatch.setattr(config, name, value)
    for words in (read(customer), text_of(page(customer.get(DOCUMENT)))):
        for part in (
            "Tallowmere Cloud, Inc.",
            "418 Alder Street",
            "Springfield, OR 97000",
            "Tax ID 00-1234567",
            "Questions about this invoice: billing@tallowmere",
        ):
            assert part in words, part


def test_the_pdf_can_be_had_while_stripe_is_away(
    app: Flask, customer: FlaskClient, paid: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"Stripe was asked for {name}")

    for name in ("gateway", "page_gateway"):
        monkeypatch.setitem(app.extensions, name, Away())
    assert "Remaining $0.00" in read(customer)


def test_a_download_is_on_record(customer: FlaskClient, paid: Invoice) -> None:
    answer = customer.get(PDF)
    assert "acme-invoice-ACME-0001.pdf" in answer.headers["Content-Disposition"]
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.actor_label) == ("invoice.printed", "customer@example.com")


def test_a_document_that_is_only_looked_at_is_not(customer: FlaskClient, paid: Invoice) -> None:
    page(customer.get(DOCUMENT))
    entries = db.session.scalars(select(AuditEntry.action)).all()
    assert "invoice.printed" not in entries


@pytest.mark.parametrize(
    "name",
    [
        "שירותי ענן",
        "شركة السحاب",
        "東京クラウド",
        "北京云",
        "서울 클라우드",
        "นคร",
        "🦄 Cloud",
        "Ünïcödé " * 20,
    ],
)
def test_any_name_makes_a_document(customer: FlaskClient, acme: Organization, name: str) -> None:
    with transaction():
        acme.name = name
        db.session.get_one(Organization, acme.id)
    assert "This is a draft" in read(customer)
    assert name.strip() in text_of(page(customer.get(DOCUMENT)))


def test_usage_by_tier_is_explained(customer: FlaskClient, acme: Organization) -> None:
    now = utc_now()
    tiers = [
        {"up_to": "1000", "unit_amount": "9", "flat_amount": "0"},
        {"up_to": "5000", "unit_amount": "7", "flat_amount": "0"},
        {"up_to": None, "unit_amount": "4.5", "flat_amount": "0"},
    ]
    with transaction():
        transfer = MeteredPriceFactory(
            code="transfer", name="Data transfer", meter="transfer", unit_label="GB",
            version__model="graduated", version__tiers=tiers, version__allowance=Decimal(5),
        )  # fmt: skip
        make_service(acme, transfer, now=now, at=now - timedelta(days=1))
        record_batch([ReportedRecord("acme", "transfer", "t", Decimal(2005), now)], now=now)
    for words in (read(customer), text_of(page(customer.get(DOCUMENT)))):
        assert "2,005 GB by tier" in words
        assert "Included amounts are taken off first: 5 GB of Data transfer." in words
        assert (
            "Data transfer is priced by tier, counted beyond the 5 GB included: the first 1,000 at "
            "$0.09, the next 4,000 at $0.07, all above at $0.045." in words
        )


def test_two_hundred_servers_are_one_line_of_it(support: FlaskClient) -> None:
    make_bill("large", fees=200)
    words = read(support, "/organizations/large/invoices/1.pdf")
    assert "db-0 to db-199" in words
    assert "200 databases" in words
    assert "Page 1 of 1" in words


def test_more_lines_than_a_document_has_room_for_are_sums(
    customer: FlaskClient, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction():
        for number in range(5):
            price = PriceFactory(code=f"s-{number}", name=f"Server {number}", product="Servers")
            make_service(acme, price, now=utc_now(), at=bill_of(acme).period_start)
    assert "Server 3" in read(customer)
    monkeypatch.setattr("dashboard.views.paper.MOST_LINES", 3)
    words = read(customer)
    assert "Server 3" not in words
    assert "it shows the total of each product" in words
    assert f"Total before tax {money(bill_of(acme).total_cents, 'usd')}" in words


def test_who_comes_while_others_print_is_told_so(
    customer: FlaskClient, paid: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_pdf, "PATIENCE_SECONDS", 0)
    with paper_pdf._press:
        answer = customer.get(PDF)
    assert answer.status_code == 503
    assert "Too many PDFs are being made at once" in answer.text
    assert "Remaining $0.00" in read(customer)


@pytest.mark.parametrize("address", [PDF, DOCUMENT])
def test_a_credit_that_was_reversed_and_its_reversal_are_not_listed(
    customer: FlaskClient, acme: Organization, address: str
) -> None:
    query = select(Adjustment).where(Adjustment.invoice_id == bill_of(acme).id)
    with transaction():
        credit = db.session.scalars(query).one()
        reverse_adjustment(credit, reason="Given twice", actor=SUPPORT, now=utc_now())
        total = bill_of(acme).total_cents
    words = read(customer) if address == PDF else text_of(page(customer.get(address)))
    assert "Goodwill" not in words
    assert "Subtotal" not in words
    assert f"Total before tax {money(total, 'usd')}" in words
    assert "that were reversed are not listed" in words
