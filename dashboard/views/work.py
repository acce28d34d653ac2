"""Jobs and schedule: who works, what waits, what failed, and what the clock does next."""

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from redis import Redis
from redis.exceptions import RedisError

from dashboard.accounts.models import User
from dashboard.accounts.people import person_by_id
from dashboard.accounts.permissions import permission
from dashboard.audit.write import write_entry
from dashboard.clock import utc_now
from dashboard.views.access import current_actor, reader
from dashboard.views.hypermedia import is_htmx
from jobs.overview import Failure, Overview, read_overview, retry, take_off

bp = Blueprint("work", __name__, url_prefix="/jobs")


@bp.get("")
@permission("fleet.view")
def show() -> ResponseReturnValue:
    """Show the work behind the pages."""
    return render_template(
        "work/_work.html" if is_htmx() else "work/show.html", overview=_overview()
    )


@bp.post("/failed/<job_id>/retry")
@permission("job.retry")
def create_retry(job_id: str) -> ResponseReturnValue:
    """Queue a job that failed once more."""
    failure = retry(_redis(), job_id)
    write_entry("job.retried", _whoever(), current_actor(), _told(failure), now=utc_now())
    flash("The job is queued again.")
    return redirect(url_for("work.show"), code=303)


@bp.post("/failed/<job_id>/removal")
@permission("job.retry")
def create_removal(job_id: str) -> ResponseReturnValue:
    """Take a job that failed off the list."""
    failure = take_off(_redis(), job_id)
    write_entry("job.removed", _whoever(), current_actor(), _told(failure), now=utc_now())
    flash("The job is removed from the list.")
    return redirect(url_for("work.show"), code=303)


def _overview() -> Overview | None:
    try:
        return read_overview(_redis())
    except RedisError:
        return None


def _whoever() -> User:
    """Return who does it: a job has no row that an entry could be of."""
    return person_by_id(reader().id)


def _told(failure: Failure) -> dict[str, str]:
    return {"task": failure.task, "error": failure.error}


def _redis() -> Redis:
    redis: Redis = current_app.extensions["redis"]
    return redis
