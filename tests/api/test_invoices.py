"""An invoice as the API tells it: of one instant, though it is read in two statements."""

import pytest
from sqlalchemy import event, text

from dashboard.transaction import transaction
from tests.support.billing import make_bill, put

COUNTED = (
    text("update invoice_items set amount_cents = amount_cents + 700 where key = 'a'"),
    text("update invoices set total_cents = total_cents + 700, revision = revision + 1"),
)


@pytest.fixture
def counted_late(db):
    """A bill of 4500 cents; just before its items are read, usage of 700 is counted."""
    with transaction():
        put(make_bill(), a=4000, b=500)
    some = [*COUNTED]

    def count(_connection, _cursor, statement, *_rest):
        if "FROM invoice_items" in statement and some:
            with db.engine.begin() as folder:
                while some:
                    folder.execute(some.pop())

    event.listen(db.engine, "before_cursor_execute", count)
    yield
    event.remove(db.engine, "before_cursor_execute", count)


@pytest.mark.parametrize("address", ["current-invoice", "invoices/1"])
def test_its_total_is_that_of_its_lines_when_usage_is_counted_in_between(
    caller, counted_late, address
):
    told = caller.get(f"/organizations/acme/{address}").json
    assert told["total_cents"] == sum(item["amount_cents"] for item in told["items"]) == 5200
