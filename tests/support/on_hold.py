"""Bills on hold, for tests that look at them."""

from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.clock import utc_now
from dashboard.transaction import transaction
from tests.support.billing import make_bill, put


def on_hold(slug: str, code: str, status: str = "sealed", cents: int = 4000) -> Invoice:
    """Return a bill, of 40.00 unless said, that is on hold for a reason; sealed, or issued."""
    one = make_bill(slug, days_left=-1)
    put(one, a=cents)
    for state in ("sealed", "open") if status == "open" else ("sealed",):
        with transaction():
            one.status = state
    with transaction():
        put_on_hold(one, code, "It waits.", now=utc_now())
    return one
