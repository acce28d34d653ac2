"""A sub-system downloads what proves a bill, with a scope of its own."""

from __future__ import annotations

import io
import zipfile

import pytest

from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.api.conftest import Caller
from tests.support.api_story import set_up
from tests.support.stripe_acts import tell

PATH = "/organizations/acme/invoices/1/proof.zip"


@pytest.fixture
def issued(caller: Caller) -> Invoice:
    set_up(caller)
    charge = {"amount_cents": 900, "description": "Setup", "reason": "New", "key": "a"}
    assert caller.post("/organizations/acme/adjustments", charge).status_code == 201
    with transaction():
        invoice = db.session.query(Invoice).one()
        seal_now(invoice, now=invoice.period_end)
        invoice.stripe_invoice_id = "in_1"
        tell(invoice, "open", utc_now(), finalized_at=None)
        invoice.finalized_at = utc_now()
    return invoice


def test_it_is_the_zip_that_pages_give(caller: Caller, issued: Invoice) -> None:
    answer = caller.get(PATH)
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert "README.txt" in archive.namelist()
        assert archive.testzip() is None


def test_what_is_not_issued_has_none(caller: Caller) -> None:
    set_up(caller)
    refused = caller.get(PATH)
    assert (refused.status_code, refused.json["code"]) == (409, "not_issued")


def test_to_read_invoices_is_not_enough(caller_with, issued: Invoice) -> None:
    assert caller_with("invoices:read").get(PATH).status_code == 403
    assert caller_with("proof:read").get(PATH).status_code == 200
