"""Calls to Stripe: how much of what may be sent is used, and by whom."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.extensions import current_config
from dashboard.gateway.circuit import FAILURES
from dashboard.gateway.limiter import READS_ALLOTTED
from dashboard.gateway.priorities import PRIORITIES
from dashboard.gateway.reasons import Reason
from dashboard.reading.next_close import next_close
from dashboard.views.hypermedia import is_htmx
from dashboard.views.stripe_state import stripe_use

bp = Blueprint("stripe_calls", __name__, url_prefix="/stripe-calls")

SECONDS_IN_HOUR = 3600
REASON_WORDS: dict[Reason, str] = {
    "sync": "Sync",
    "final": "Final sync",
    "verify": "Verify",
    "event": "Read after an event",
    "backfill": "Back-fill",
    "renewal": "Renewals of subscriptions",
    "reread": "Unpaid and held invoices read again",
    "portal": "Opening Stripe's portal",
    "link": "Opening an invoice at Stripe",
    "reading": "At Stripe, read by a person",
    "preview": "Preview of a replay",
    "doctor": "Doctor",
    "other": "Other",
}


@bp.get("")
@permission("fleet.view")
def show() -> ResponseReturnValue:
    """Show the last day's calls beside the limit."""
    per_second = current_config().stripe_requests_per_second
    close = next_close()
    return render_template(
        "stripe_calls/_calls.html" if is_htmx() else "stripe_calls/show.html",
        use=stripe_use(),
        priorities=PRIORITIES,
        columns=[f"{priority.capitalize()}>" for priority in PRIORITIES],
        share=share,
        reason_words=REASON_WORDS,
        failures_that_open=FAILURES,
        in_an_hour=per_second * SECONDS_IN_HOUR,
        close=close,
        close_seconds=close and close.seconds(calls_per_second=per_second),
        reads_allotted=READS_ALLOTTED,
    )


def share(part: int, whole: int) -> str:
    """Return how much of the whole a part is, as people read it."""
    of_hundred = 100 * part / whole
    return "less than 1%" if 0 < of_hundred < 1 else f"{of_hundred:.0f}%"
