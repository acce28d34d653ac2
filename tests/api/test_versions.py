"""A version begins later than any usage may lie, whenever its turn comes."""

from datetime import timedelta

from dashboard.api import prices
from dashboard.clock import utc_now
from dashboard.pricing import catalog
from dashboard.transaction import transaction
from tests.factories import MeteredPriceFactory


def test_a_version_that_waited_for_its_price_is_judged_by_the_time_it_got_it(
    caller, db, monkeypatch
):
    with transaction():
        MeteredPriceFactory(code="requests")
    start = utc_now()
    clock = [start]
    lock = catalog.lock_row

    def wait_ten_seconds(row):
        clock[0] = start + timedelta(seconds=10)
        lock(row)

    monkeypatch.setattr(prices, "utc_now", lambda: clock[0])
    monkeypatch.setattr(catalog, "lock_row", wait_ten_seconds)

    def add(seconds):
        at = (start + timedelta(seconds=seconds)).isoformat()
        body = {"unit_amount": "500", "effective_at": at}
        return caller.post("/prices/requests/versions", body)

    refused = add(305)
    assert refused.status_code == 422, refused.text
    assert "must take effect after" in refused.text
    assert add(315).status_code == 201
