"""A bill as it was, read through the API."""

from datetime import timedelta

import pytest

from dashboard.clock import utc_now
from dashboard.installation import this_installation
from dashboard.transaction import transaction
from tests.support.billing import make_bill, put

THEN = "/organizations/acme/invoices/1/then"


@pytest.fixture
def bill(db):
    """A bill of 4500 cents."""
    with transaction():
        this_installation().history_since = utc_now() - timedelta(days=90)
        put(make_bill(), a=4000, b=500)


def read(caller, at):
    """Read it as it was at an instant."""
    return caller.get(f"{THEN}?at={at:%Y-%m-%dT%H:%M:%S.%fZ}")


def test_it_is_told_with_its_lines(caller, bill):
    told = read(caller, utc_now()).json
    assert (told["status"], told["total_cents"], told["stripe"]) == ("draft", 4500, None)
    assert sorted(line["amount_cents"] for line in told["lines"]) == [500, 4000]


def test_a_time_before_it_was_opened_is_refused_with_what_is_known(caller, bill):
    refused = read(caller, utc_now() - timedelta(days=4000))
    assert refused.status_code == 422
    assert "is known from" in refused.text


@pytest.mark.parametrize("query", ["", "?at=yesterday", "?at=2026-04-30T00:00"])
def test_a_time_that_is_none_is_refused(caller, bill, query):
    assert caller.get(THEN + query).status_code == 422
