"""The history of a bill's lines, as a sub-system reads it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from dashboard.billing.models import Adjustment
from dashboard.billing.reverse import reverse_adjustment
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from dashboard.usage.reported import ReportedRecord
from tests.factories import SUPPORT
from tests.people import make_bill
from tests.support.usage import record_batch

HISTORY = "/organizations/acme/history"


@pytest.fixture
def acme(db, redis):
    return make_bill("acme")


def test_each_change_tells_its_cause_before_after_and_the_invoice_total(caller, acme):
    told = caller.get(HISTORY).json
    credit, usage, fee = told["changes"]
    assert told["before"] is None
    assert (credit["cause"], credit["by"], credit["cents"]) == ("adjustment", "user", -500)
    assert (usage["cause"], usage["by"], usage["product"]) == ("usage", None, "API requests")
    assert (usage["quantity_before"], usage["quantity"]) == ("0", "1200")
    assert (fee["cause"], fee["service"], fee["cents_before"]) == ("attach", "db-0", 0)
    bill = caller.get("/organizations/acme/current-invoice").json
    assert credit["invoice_total_cents"] == bill["total_cents"]
    assert [one["is_reversal"] for one in told["changes"]] == [False] * 3


def test_a_reversal_is_told_from_a_charge(caller, acme):
    query = select(Adjustment).where(Adjustment.amount_cents == -500)
    with transaction():
        credit = db.session.scalars(query).one()
        reverse_adjustment(credit, reason="Given twice", actor=SUPPORT, now=utc_now())
    newest = caller.get(HISTORY).json["changes"][0]
    assert (newest["cents"], newest["is_reversal"]) == (500, True)


def test_pages_lead_to_the_end_and_filters_hold(caller, acme):
    for hours in range(1, 8):
        now = utc_now() + timedelta(hours=hours)
        entry = ReportedRecord("acme", "acme-requests", f"h-{hours}", Decimal(1), utc_now())
        with transaction():
            record_batch([entry], now=now)
    seen, more = [], ""
    while True:
        told = caller.get(f"{HISTORY}?cause=usage&size=3{more}").json
        seen += told["changes"]
        if told["before"] is None:
            break
        more = f"&before={told['before']}"
    assert [one["quantity"] for one in seen] == [str(1207 - n) for n in range(8)]


@pytest.mark.parametrize(
    "query",
    ["cause=weather", "before=yesterday", "before=1", "first=soon", "line=0", "size=501", "sort=x"],
)
def test_what_cannot_be_read_is_refused(caller, acme, query):
    answer = caller.get(f"{HISTORY}?{query}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"].startswith(query.partition("=")[0])


def test_a_token_of_another_organization_finds_none(caller_with, acme):
    other = make_bill("other")
    assert caller_with("invoices:read", organization_id=other.id).get(HISTORY).status_code == 404
