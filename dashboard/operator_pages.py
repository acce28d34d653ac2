"""What operators and orchestrators ask: alive, ready, how much; and an id on every request."""

from hmac import compare_digest
from ipaddress import ip_address
from time import perf_counter

from flask import Blueprint, Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError

from dashboard import readiness
from dashboard.accounts.permissions import permission
from dashboard.extensions import csrf, current_config
from dashboard.metrics import scrape
from dashboard.noted import begin_request, note_request
from jobs.health import read_health

NOT_FOR_EVERYBODY = (
    "Only callers on this machine may read the figures, or those that send METRICS_TOKEN as "
    "Authorization: Bearer.\n"
)
UNKNOWN = dict.fromkeys(("clock", "workers", "queues"), "unknown without Redis")
bp = Blueprint("operation", __name__)


def register_operator_pages(app: Flask) -> None:
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
    """Answer 200 when this process can serve, else 503, and what is wrong in either case.

    Whether the work behind the pages goes on is told beside it and decides nothing: to send no
    requests here would bring no worker back.
    """
    found = readiness.parts()
    is_ready = all(part.serves for part in found.values())
    status = "ready" if is_ready else "not ready"
    states = {name: part.state for name, part in found.items()}
    work = work_states() if states["redis"] == "ok" else UNKNOWN
    return {"status": status, **states, **work}, 200 if is_ready else 503


@bp.get("/metrics")
@permission("metrics.read")
def metrics() -> ResponseReturnValue:
    """Answer Prometheus with this process's figures and the fleet's, read from the database."""
    if not may_read_metrics():
        return Response(
            NOT_FOR_EVERYBODY, 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain"
        )
    return Response(scrape(current_app.extensions["redis"]), content_type=CONTENT_TYPE_LATEST)


def may_read_metrics() -> bool:
    """Whether the caller has the token of the settings, or is on this machine where there is none.

    The figures tell how many customers there are and how it goes.
    """
    token = current_config().metrics_token
    if token is None:
        return is_here(request.remote_addr or "")
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    return kind.lower() == "bearer" and compare_digest(given.strip().encode(), token.encode())


def is_here(address: str) -> bool:
    """Whether a caller's address, as a proxy may have told it, is this machine's own."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def work_states() -> dict[str, str]:
    """Return `ok` or what is wrong with the clock, the workers and the queues."""
    try:
        health = read_health(current_app.extensions["redis"])
    except RedisError:
        return UNKNOWN
    return {
        "clock": health.clock_state,
        "workers": health.worker_state,
        "queues": health.queue_state,
    }
