"""The simulator as a Flask app: Stripe's paths under /v1, our control surface under /_simulator."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from simulator.background import Background, register_timers
from simulator.control.faults import faults_blueprint
from simulator.control.money import money_blueprint
from simulator.control.subscriptions import subscriptions_blueprint
from simulator.control.surface import control_blueprint, set_endpoint
from simulator.engine.deliveries import Deliveries
from simulator.engine.errors import ApiError
from simulator.engine.events import API_VERSION
from simulator.engine.forms import pairs
from simulator.engine.packed import dump
from simulator.engine.pipeline import Dropped, Exchange, Operation, serve
from simulator.engine.state import Simulator
from simulator.pages.dashboard import dashboard_blueprint
from simulator.pages.filters import add_filters
from simulator.pages.hosted import hosted_blueprint
from simulator.pages.mails import mail_blueprint
from simulator.pages.portal import portal_blueprint
from simulator.resources.operations import OPERATIONS
from simulator.schema.published import Schema
from simulator.schema.readers import reader_for
from simulator.schema.replies import ReplyChecks

# Set in the WSGI environment when the server must close the connection without a reply.
DROPPED = "simulator.dropped"


def create_simulator(
    *,
    data: Path | None = None,
    webhook_url: str | None = None,
    webhook_secret: str = "whsec_sandbox",  # noqa: S107 - the documented secret of a fake
    schema: Schema | None = None,
    check_replies: bool = False,
    mails: Path | None = None,
) -> Flask:
    """Return the simulator; its parts are `app.extensions["simulator"]` and `["background"]`.

    State lives in `data` (memory only without it) and outlives the process. Without `schema`,
    request bodies are read by guessing and nothing is checked. What the product wrote to the folder
    `mails` has pages of its own. The caller starts and stops the background threads.
    """
    simulator = Simulator(data)
    deliveries = Deliveries(simulator.events, simulator.clock)
    register_timers(simulator)
    if webhook_url:
        set_endpoint(simulator, webhook_url, webhook_secret)
    app = Flask(
        __name__,
        static_url_path="/_simulator/static",
        static_folder="pages/static",
        template_folder="pages/templates",
    )
    app.extensions["simulator"] = simulator
    app.extensions["background"] = Background(simulator, deliveries)
    app.register_blueprint(control_blueprint(simulator, deliveries))
    app.register_blueprint(faults_blueprint(simulator.faults, simulator.holds))
    app.register_blueprint(money_blueprint(simulator))
    app.register_blueprint(subscriptions_blueprint(simulator))
    _add_pages(app, simulator)
    if mails:
        app.register_blueprint(mail_blueprint(mails))
    _add_operations(app, simulator, schema, check_replies=check_replies)
    return app


def _add_pages(app: Flask, simulator: Simulator) -> None:
    add_filters(app)
    app.register_blueprint(dashboard_blueprint(simulator))
    app.register_blueprint(hosted_blueprint(simulator))
    app.register_blueprint(portal_blueprint(simulator))


def _add_operations(
    app: Flask, simulator: Simulator, schema: Schema | None, *, check_replies: bool
) -> None:
    checks = ReplyChecks(schema) if schema is not None and check_replies else None
    for name, handler in OPERATIONS.items():
        method, path = name.split(" ", 1)
        operation = Operation(name, handler, reader_for(name, schema), checks)
        view = partial(_serve, simulator, operation)
        rule = path.replace("{", "<").replace("}", ">")
        app.add_url_rule(rule, endpoint=name, view_func=view, methods=[method])
    app.add_url_rule("/v1/<path:rest>", view_func=_unknown, methods=["GET", "POST", "DELETE"])


def _serve(simulator: Simulator, operation: Operation, **ids: Any) -> Response:
    raw = request.get_data() if request.method == "POST" else request.query_string
    exchange = Exchange(
        request.method, request.path, pairs(raw.decode()), ids, dict(request.headers)
    )
    try:
        serve(simulator, operation, exchange)
    except Dropped:
        request.environ[DROPPED] = True
        return Response(status=503)
    return _response(exchange, simulator.clock.exact())


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
