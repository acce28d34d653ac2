"""The health of the whole: is the fleet in step, do the queues move."""

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError
from rq import Queue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.sync.fleet import failing_invoices, invoice_counts, run_counts
from dashboard.sync.waiting import waiting_invoices
from dashboard.views.hypermedia import is_htmx
from dashboard.views.stripe_state import READS_ALLOTTED, stripe_state
from dashboard.webhooks.listing import counts_by_state
from jobs.runtime import QUEUES

bp = Blueprint("fleet", __name__, url_prefix="/fleet")


@bp.get("")
@permission("fleet.view")
def show() -> ResponseReturnValue:
    """Show counts, what waits for a person, and how deep the queues are."""
    now = utc_now()
    return render_template(
        "fleet/_health.html" if is_htmx() else "fleet/show.html",
        invoices=invoice_counts(now=now),
        runs=run_counts(now=now),
        waiting=waiting_invoices(),
        events=counts_by_state(),
        queues=queue_depths(),
        failing=failing_invoices(),
        stripe=stripe_state(),
        reads_allotted=READS_ALLOTTED,
    )


def queue_depths() -> dict[str, int] | None:
    """Return the jobs waiting per queue, by urgency; None when Redis does not answer."""
    redis = current_app.extensions["redis"]
    try:
        return {name: Queue(name, connection=redis).count for name in QUEUES}
    except RedisError:
        return None
