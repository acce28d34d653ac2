"""The health of the whole: is the fleet in step, do the queues move."""

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.gateway.limiter import READS_ALLOTTED
from dashboard.reading.needs import overview
from dashboard.sync.fleet import fleet_counts
from dashboard.sync.tallies import run_counts
from dashboard.trends.sample import samples
from dashboard.views.access import reader
from dashboard.views.hypermedia import is_htmx
from dashboard.views.stripe_state import stripe_state
from dashboard.views.trends import trends_of
from dashboard.webhooks.listing import counts_by_state
from jobs.health import Health, read_health

bp = Blueprint("fleet", __name__, url_prefix="/fleet")


@bp.get("")
@permission("fleet.view")
def show() -> ResponseReturnValue:
    """Show counts, how the day went, and whether the work behind the pages goes on."""
    now = utc_now()
    return render_template(
        "fleet/_health.html" if is_htmx() else "fleet/show.html",
        invoices=fleet_counts(now=now),
        runs=run_counts(now=now),
        needs=overview(reader().id),
        trends=trends_of(samples(now=now), now=now),
        events=counts_by_state(),
        work=work_behind(),
        stripe=stripe_state(),
        reads_allotted=READS_ALLOTTED,
    )


def work_behind() -> Health | None:
    """Return how clock, queues and workers are; None when Redis does not answer."""
    try:
        return read_health(current_app.extensions["redis"])
    except RedisError:
        return None
