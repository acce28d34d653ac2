"""What operators and orchestrators ask: alive, ready, how much; and an id on every request."""

from datetime import UTC
from time import perf_counter

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dashboard.accounts.permissions import permission
from dashboard.extensions import csrf, db
from dashboard.measures import collect
from dashboard.noted import begin_request, note_request
from jobs.health import read_health

bp = Blueprint("operation", __name__)


def register_operation(app: Flask) -> None:
    """Give every request an id and a log line, and serve the three operator pages."""
    app.before_request(begin)
    app.after_request(finish)
    app.register_blueprint(bp)
    csrf.exempt(bp)


def begin() -> None:
    """Take the caller's request id when it is harmless, else make one."""
    g.request_id = begin_request(request.headers.get("X-Request-ID", ""))
    g.started = perf_counter()


def finish(response: Response) -> Response:
    """Log the request and tell its id and time."""
    response.headers["X-Request-ID"] = g.request_id
    seconds = perf_counter() - g.started
    endpoint = request.endpoint or "none"
    note_request(endpoint, request.method, request.path, response.status_code, seconds)
    return response


@bp.get("/healthz")
@permission("public")
def healthz() -> ResponseReturnValue:
    """Answer that the process runs; it asks nothing else."""
    return {"status": "ok"}


@bp.get("/readyz")
@permission("public")
def readyz() -> ResponseReturnValue:
    """Answer 200 when database, Redis and migrations are as this code needs them, else 503.

    Whether the work behind the pages goes on is told beside it and decides nothing: to send no
    requests here would bring no worker back.
    """
    parts = {
        "database": database_state(),
        "instants": instant_state(),
        "redis": redis_state(),
        "migrations": migration_state(),
    }
    ready = all(state == "ok" for state in parts.values())
    status = "ready" if ready else "not ready"
    return {"status": status, **parts, **work_states()}, 200 if ready else 503


@bp.get("/metrics")
@permission("public")
def metrics() -> ResponseReturnValue:
    """Answer Prometheus with this process's figures and the fleet's, read from the database."""
    collect(current_app.extensions["redis"])
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def database_state() -> str:
    """Return `ok` or what is wrong with the database."""
    try:
        db.session.execute(text("select 1"))
    except SQLAlchemyError as error:
        return f"unreachable: {type(error).__name__}"
    return "ok"


def instant_state() -> str:
    """Return `ok` when an instant arrives in UTC, whatever zone and style the server writes."""
    try:
        found = db.session.scalar(text("select now()"))
    except SQLAlchemyError as error:
        return f"unreadable: {type(error).__name__}"
    return "ok" if found is not None and found.tzinfo is UTC else f"not in UTC: {found}"


def redis_state() -> str:
    """Return `ok` or what is wrong with Redis."""
    try:
        current_app.extensions["redis"].ping()
    except RedisError as error:
        return f"unreachable: {type(error).__name__}"
    return "ok"


def work_states() -> dict[str, str]:
    """Return `ok` or what is wrong with the clock, the workers and the queues."""
    try:
        health = read_health(current_app.extensions["redis"])
    except RedisError:
        return dict.fromkeys(("clock", "workers", "queues"), "unknown without Redis")
    return {
        "clock": health.clock_state,
        "workers": health.worker_state,
        "queues": health.queue_state,
    }


def migration_state() -> str:
    """Return `ok` when the database is at the newest migration of this code."""
    scripts = ScriptDirectory(current_app.extensions["migrate"].directory)
    wanted = scripts.get_current_head()
    try:
        found = MigrationContext.configure(db.session.connection()).get_current_revision()
    except SQLAlchemyError as error:
        return f"unknown: {type(error).__name__}"
    return "ok" if found == wanted else f"at {found}, needs {wanted}"
