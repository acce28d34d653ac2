"""The sandbox as a Flask app: Stripe's paths under /v1, our control surface under /_sandbox."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from dashboard.sandbox.background import Background, register_timers
from dashboard.sandbox.control import control_blueprint, set_endpoint
from dashboard.sandbox.control_faults import faults_blueprint
from dashboard.sandbox.control_money import money_blueprint
from dashboard.sandbox.dashboard_pages import dashboard_blueprint
from dashboard.sandbox.deliveries import Deliveries
from dashboard.sandbox.errors import ApiError
from dashboard.sandbox.events import API_VERSION
from dashboard.sandbox.forms import pairs
from dashboard.sandbox.hosted import hosted_blueprint
from dashboard.sandbox.mail_pages import mail_blueprint
from dashboard.sandbox.operations import OPERATIONS
from dashboard.sandbox.packed import dump
from dashboard.sandbox.pages import add_filters
from dashboard.sandbox.pipeline import Dropped, Exchange, Operation, serve
from dashboard.sandbox.portal_page import portal_blueprint
from dashboard.sandbox.readers import reader_for
from dashboard.sandbox.replies import ReplyChecks
from dashboard.sandbox.schema import Schema
from dashboard.sandbox.state import Sandbox

# Set in the WSGI environment when the server must close the connection without a reply.
DROPPED = "sandbox.dropped"


def create_sandbox(
    *,
    data: Path | None = None,
    webhook_url: str | None = None,
    webhook_secret: str = "whsec_sandbox",  # noqa: S107 - the documented secret of a fake
    schema: Schema | None = None,
    check_replies: bool = False,
    mails: Path | None = None,
) -> Flask:
    """Return the sandbox; its parts are `app.extensions["sandbox"]` and `["background"]`.

    State lives in `data` (memory only without it) and outlives the process. Without `schema`,
    request bodies are read by guessing and nothing is checked. What the product wrote to the folder
    `mails` has pages of its own. The caller starts and stops the background threads.
    """
    sandbox = Sandbox(data)
    deliveries = Deliveries(sandbox.events, sandbox.clock)
    register_timers(sandbox)
    if webhook_url:
        set_endpoint(sandbox, webhook_url, webhook_secret)
    app = Flask(__name__, static_url_path="/_sandbox/static")
    app.extensions["sandbox"] = sandbox
    app.extensions["background"] = Background(sandbox, deliveries)
    app.register_blueprint(control_blueprint(sandbox, deliveries))
    app.register_blueprint(faults_blueprint(sandbox.faults, sandbox.holds))
    app.register_blueprint(money_blueprint(sandbox))
    _add_pages(app, sandbox)
    if mails:
        app.register_blueprint(mail_blueprint(mails))
    _add_operations(app, sandbox, schema, check_replies=check_replies)
    return app


def _add_pages(app: Flask, sandbox: Sandbox) -> None:
    add_filters(app)
    app.register_blueprint(dashboard_blueprint(sandbox))
    app.register_blueprint(hosted_blueprint(sandbox))
    app.register_blueprint(portal_blueprint(sandbox))


def _add_operations(
    app: Flask, sandbox: Sandbox, schema: Schema | None, *, check_replies: bool
) -> None:
    checks = ReplyChecks(schema) if schema is not None and check_replies else None
    for name, handler in OPERATIONS.items():
        method, path = name.split(" ", 1)
        operation = Operation(name, handler, reader_for(name, schema), checks)
        view = partial(_serve, sandbox, operation)
        rule = path.replace("{", "<").replace("}", ">")
        app.add_url_rule(rule, endpoint=name, view_func=view, methods=[method])
    app.add_url_rule("/v1/<path:rest>", view_func=_unknown, methods=["GET", "POST", "DELETE"])


def _serve(sandbox: Sandbox, operation: Operation, **ids: Any) -> Response:
    raw = request.get_data() if request.method == "POST" else request.query_string
    exchange = Exchange(
        request.method, request.path, pairs(raw.decode()), ids, dict(request.headers)
    )
    try:
        serve(sandbox, operation, exchange)
    except Dropped:
        request.environ[DROPPED] = True
        return Response(status=503)
    return _response(exchange, sandbox.clock.exact())


def _response(exchange: Exchange, now: float) -> Response:
    reply = Response(exchange.text, exchange.status, mimetype="application/json")
    reply.headers.update(exchange.reply_headers)
    # By the clock that dates the events, wherever a test moved it.
    reply.date = datetime.fromtimestamp(now, UTC)
    reply.headers["Stripe-Version"] = exchange.headers.get("Stripe-Version", API_VERSION)
    if exchange.request_id:
        reply.headers["Request-Id"] = exchange.request_id
    if exchange.key:
        reply.headers["Idempotency-Key"] = exchange.key
    if exchange.replayed:
        reply.headers["Idempotent-Replayed"] = "true"
    return reply


def _unknown(rest: str) -> Response:
    message = f"Unrecognized request URL ({request.method}: /v1/{rest})."
    refusal = ApiError(404, message)
    return Response(dump(refusal.body()), 404, mimetype="application/json")
