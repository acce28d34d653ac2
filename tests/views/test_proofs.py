"""What proves a bill, for a bank that asks its payment back: one ZIP that says what it holds."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.billing.close import close, seal
from dashboard.billing.corrections import keep_correction
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.reading import proof
from dashboard.transaction import transaction
from dashboard.usage.cancel import cancel_usage
from tests.factories import SUPPORT
from tests.pages import page
from tests.people import Browser, bill_of
from tests.reading.timeline import event
from tests.support.issued_bills import ADDRESS
from tests.support.refund_pages import pay_first
from tests.support.refunds import disputed
from tests.support.stripe_acts import tell
from tests.support.usage import use

NAMES = [
    "README.txt", "invoice.pdf", "items.csv", "calculation.jsonl", "usage.csv", "prices.csv",
    "services.csv", "payments.csv", "audit.jsonl", "events.jsonl", "SHA256SUMS",
]  # fmt: skip


@pytest.fixture
def paid(acme: Organization) -> Invoice:
    """Acme's first invoice with usage on it, paid and disputed."""
    for number in range(5):
        use("acme", f"key-{number}", 3)
    invoice = pay_first(acme)
    with transaction():
        keep_correction(invoice, disputed("needs_response", invoice.total_cents))
    return invoice


def bundle(client: FlaskClient) -> zipfile.ZipFile:
    """Return the download, whose body is only read once the request is over."""

    def read() -> bytes:
        # Not through Browser.open: its application context would outlive the request.
        answer = super(Browser, client).open(f"{ADDRESS}/proof.zip", buffered=False)
        assert (answer.status_code, answer.mimetype) == (200, "application/zip")
        return answer.data

    with ThreadPoolExecutor(max_workers=1) as pool:
        return zipfile.ZipFile(io.BytesIO(pool.submit(read).result()))


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode())))


def test_it_holds_what_its_readme_says(support: FlaskClient, paid: Invoice) -> None:
    archive = bundle(support)
    assert archive.namelist() == NAMES
    readme = archive.read("README.txt").decode()
    assert all(f"{name}: " in readme for name in NAMES[1:])
    assert "At Stripe: in_1" in readme
    assert archive.read("invoice.pdf").startswith(b"%PDF")
    total = sum(Decimal(row["amount"]) for row in table(archive, "items.csv"))
    assert total == Decimal(paid.total_cents) / 100
    calculations = [json.loads(one) for one in archive.read("calculation.jsonl").splitlines()]
    assert sum(one["amount_cents"] for one in calculations) == paid.total_cents


def test_usage_that_explains_itself_is_worked_out_when_it_is_read(
    support: FlaskClient, acme: Organization
) -> None:
    """As the clock seals: nothing rates what is told by its version and units anew."""
    for number in range(3):
        use("acme", f"key-{number}", 3)
    with transaction():
        invoice = bill_of(acme)
        end = invoice.period_end
        close(invoice, now=end)
        [sealed] = seal([invoice.id], now=end + timedelta(days=9))
        [used] = [one for one in sealed.items if one.kind == "metered"]
        assert used.kept_trace == {}
        sealed.stripe_invoice_id = "in_1"
        tell(sealed, "open", end + timedelta(days=9))
    calculations = [
        json.loads(one) for one in bundle(support).read("calculation.jsonl").splitlines()
    ]
    [explained] = [one for one in calculations if one["kind"] == "metered"]
    assert explained["trace"]["amount_cents"] == explained["amount_cents"]


def test_each_usage_record_that_was_billed_is_in_it(
    support: FlaskClient, paid: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However small the batches are.
    monkeypatch.setattr(proof, "BATCH", 2)
    rows = table(bundle(support), "usage.csv")
    told = {row["key"]: (row["meter"], row["quantity"]) for row in rows}
    used = {f"key-{number}": ("acme-requests", "3") for number in range(5)}
    assert told == used | {"first": ("acme-requests", "1200")}
    assert len(rows) == len(told)
    assert {row["taken_off"] for row in rows} == {""}


def test_what_was_canceled_after_it_was_issued_was_billed_on_it(
    support: FlaskClient, paid: Invoice
) -> None:
    now = utc_now()
    with transaction():
        acme = organization_by_slug("acme")
        cancel_usage(acme, ["key-1"], reason="Sent twice", now=now, actor=SUPPORT)
    rows = table(bundle(support), "usage.csv")
    assert {row["taken_off"] for row in rows} == {""}


def test_what_it_follows_from_and_what_followed_is_in_it(
    support: FlaskClient, paid: Invoice
) -> None:
    archive = bundle(support)
    assert "acme-requests" in {row["meter"] for row in table(archive, "prices.csv")}
    prices = {row["price"] for row in table(archive, "prices.csv")}
    assert {row["price"] for row in table(archive, "services.csv")} <= prices
    payments = {row["what"]: row for row in table(archive, "payments.csv")}
    assert payments["payment"]["payment"] == "pi_1"
    assert (payments["dispute"]["id"], payments["dispute"]["status"]) == ("du_1", "needs_response")
    acts = [json.loads(one)["action"] for one in archive.read("audit.jsonl").splitlines()]
    assert {"service.attached", "adjustment.added"} <= set(acts)


def test_nobody_can_pay_or_look_at_stripe_by_it(support: FlaskClient, paid: Invoice) -> None:
    keys = {
        "client_secret": "pi_1_secret_x", "hosted_invoice_url": "https://pay.test/x",
        "invoice_pdf": "https://pay.test/x/pdf", "receipt_url": "https://pay.test/receipt",
    }  # fmt: skip
    told = {"data": {"object": {"id": "in_1", "charges": [{"id": "ch_1", **keys}], **keys}}}
    with transaction():
        event("in_1", payload=told)
    events = bundle(support).read("events.jsonl").decode()
    assert '"id": "ch_1"' in events
    assert not [one for pair in keys.items() for one in pair if one in events]


def test_two_downloads_are_the_same_and_each_is_on_record(
    support: FlaskClient, paid: Invoice
) -> None:
    first, second = bundle(support), bundle(support)
    assert {name: first.read(name) for name in NAMES} == {name: second.read(name) for name in NAMES}
    assert first.fp.getvalue() == second.fp.getvalue()
    query = select(AuditEntry).where(AuditEntry.action == "invoice.proof_downloaded")
    assert [(one.subject_id, one.actor_kind) for one in db.session.scalars(query)] == [
        (paid.id, "user")
    ] * 2


def test_who_may_not_does_not_get_it(
    support: FlaskClient, customer: FlaskClient, paid: Invoice
) -> None:
    link = f"a[href='{ADDRESS}/proof.zip']"
    assert page(support.get(ADDRESS)).select(link)
    assert not page(customer.get(ADDRESS)).select(link)
    assert customer.get(f"{ADDRESS}/proof.zip").status_code == 403


def test_of_what_is_not_issued_there_is_nothing_to_prove(
    support: FlaskClient, acme: Organization
) -> None:
    assert support.get(f"{ADDRESS}/proof.zip").status_code == 409
