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
from dashboard.views.formatting import lasting
from dashboard.views.hypermedia import is_htmx
from jobs import ticks
from jobs.overview import Failure, Overview, read_overview, retry, take_off
from jobs.schedule import TABLE, entry_named, run_now

bp = Blueprint("work", __name__, url_prefix="/jobs")


@bp.get("")
@permission("fleet.view")
def show() -> ResponseReturnValue:
    """Show the work behind the pages."""
    return render_template(
        "work/_work.html" if is_htmx() else "work/show.html",
        overview=_overview(),
        took=took_words,
        entries={entry.task.__name__ for entry in TABLE},
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


@bp.post("/schedule/<name>/runs")
@permission("schedule.manage")
def create_run(name: str) -> ResponseReturnValue:
    """Let the clock do an entry now."""
    run_now(_redis(), name)
    write_entry("schedule.run", _whoever(), current_actor(), _called(name), now=utc_now())
    flash(f"{entry_words(name)} runs within a second or two, unless it is running already.")
    return redirect(url_for("work.show"), code=303)


@bp.post("/schedule/<name>/pause")
@permission("schedule.manage")
def create_pause(name: str) -> ResponseReturnValue:
    """Let the clock leave an entry out."""
    entry_named(name)
    if ticks.pause(_redis(), name, current_actor().label):
        write_entry("schedule.paused", _whoever(), current_actor(), _called(name), now=utc_now())
    flash(f"{entry_words(name)} is paused until it is resumed. A turn that is running still ends.")
    return redirect(url_for("work.show"), code=303)


@bp.post("/schedule/<name>/resumption")
@permission("schedule.manage")
def create_resumption(name: str) -> ResponseReturnValue:
    """Let the clock do a paused entry again."""
    entry_named(name)
    if ticks.resume(_redis(), name):
        write_entry("schedule.resumed", _whoever(), current_actor(), _called(name), now=utc_now())
    flash(f"{entry_words(name)} runs on schedule again.")
    return redirect(url_for("work.show"), code=303)


def entry_words(name: str) -> str:
    """Return what people call an entry of the schedule."""
    return name.replace("_", " ").capitalize()


def took_words(seconds: float) -> str:
    """Return how long a turn took: 12 ms, 3 s, 2 min."""
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else lasting(seconds)


def _called(name: str) -> dict[str, str]:
    return {"entry": entry_words(name)}


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
