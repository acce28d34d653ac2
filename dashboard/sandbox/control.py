"""The control surface under /_sandbox: clock, webhooks, latency, limits, log, audit, reset."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response, jsonify, request

from dashboard.sandbox.audit import audit
from dashboard.sandbox.deliveries import Deliveries, Manner
from dashboard.sandbox.event_list import new_endpoint
from dashboard.sandbox.events import API_VERSION
from dashboard.sandbox.state import Sandbox

DEFAULT_ENDPOINT = "we_sandbox"
_MANNERS = ("mode", "duplicate", "delay_seconds", "reorder", "drop")


def control_blueprint(sandbox: Sandbox, deliveries: Deliveries) -> Blueprint:
    """Return the routes that steer one sandbox."""
    blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")
    _add_clock(blueprint, sandbox)
    _add_webhooks(blueprint, sandbox, deliveries)
    _add_pace(blueprint, sandbox)
    _add_records(blueprint, sandbox)

    @blueprint.post("/reset")
    def reset() -> Response:
        sandbox.holds.release_all()
        sandbox.faults.remove()
        sandbox.log.clear()
        sandbox.limits.set(None, None, None)
        sandbox.latency_seconds = 0.0
        with sandbox.lock:
            endpoint = sandbox.store.get("webhook_endpoint", DEFAULT_ENDPOINT)
            sandbox.store.clear()
            deliveries.clear()
            deliveries.manner = Manner()
            sandbox.clock.move_to(time.time())
            if endpoint is not None:
                sandbox.store.put("webhook_endpoint", endpoint)
            sandbox.store.commit()
        return jsonify(ok=True)

    return blueprint


def set_endpoint(sandbox: Sandbox, url: str, secret: str) -> None:
    """Send every event to `url`, signed with `secret` (several, by commas, while one is rolled)."""
    endpoint = {
        **new_endpoint(url, secret, ["*"], sandbox.clock.now()),
        "id": DEFAULT_ENDPOINT,
        "api_version": API_VERSION,
    }
    with sandbox.lock:
        sandbox.store.put("webhook_endpoint", endpoint)
        sandbox.store.commit()


def _change_endpoint(sandbox: Sandbox, given: dict[str, Any]) -> None:
    endpoint = sandbox.store.get("webhook_endpoint", DEFAULT_ENDPOINT) or {}
    url = given.get("url", endpoint.get("url"))
    if url:
        secret = given.get("secret") or endpoint.get("secret", "whsec_sandbox")
        set_endpoint(sandbox, url, secret)
        return
    with sandbox.lock:
        sandbox.store.remove("webhook_endpoint", DEFAULT_ENDPOINT)
        sandbox.store.commit()


def _body() -> dict[str, Any]:
    given: dict[str, Any] = request.get_json(silent=True) or {}
    return given


def _add_clock(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.get("/clock")
    def clock() -> Response:
        return jsonify(now=sandbox.clock.exact(), offset_seconds=sandbox.clock.offset)

    @blueprint.post("/clock")
    def move_clock() -> Response:
        """Move to `now` or by `advance_seconds`; what comes due on the way happens on the way."""
        given = _body()
        with sandbox.lock:
            current = sandbox.clock.exact()
            wanted = given.get("now", current + float(given.get("advance_seconds", 0)))
            fired = sandbox.timers.advance_to(float(wanted))
            sandbox.store.commit()
            now, offset = sandbox.clock.exact(), sandbox.clock.offset
        return jsonify(now=now, offset_seconds=offset, fired=fired)


def _add_webhooks(blueprint: Blueprint, sandbox: Sandbox, deliveries: Deliveries) -> None:
    @blueprint.post("/webhooks")
    def webhooks() -> Response:
        """Change only what is given: url (blank: none), secret, how deliveries misbehave."""
        given = _body()
        if "url" in given or "secret" in given:
            _change_endpoint(sandbox, given)
        with sandbox.lock:
            endpoint = sandbox.store.get("webhook_endpoint", DEFAULT_ENDPOINT) or {}
            for name in _MANNERS:
                if name in given:
                    setattr(deliveries.manner, name, given[name])
            state = {name: getattr(deliveries.manner, name) for name in _MANNERS}
            return jsonify(url=endpoint.get("url"), pending=deliveries.pending(), **state)


def _add_pace(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.post("/latency")
    def latency() -> Response:
        sandbox.latency_seconds = float(_body().get("milliseconds", 0)) / 1000
        return jsonify(milliseconds=sandbox.latency_seconds * 1000)

    @blueprint.post("/limits")
    def limits() -> Response:
        """Set all three; what is missing is off."""
        given = _body()
        sandbox.limits.set(
            given.get("account_per_second"),
            given.get("endpoint_per_second"),
            given.get("in_flight"),
        )
        return jsonify(sandbox.limits.facts())

    @blueprint.get("/limits")
    def limits_now() -> Response:
        return jsonify(sandbox.limits.facts())


def _add_records(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.get("/health")
    def health() -> Response:
        return jsonify(ok=True)

    @blueprint.get("/requests")
    def requests_since() -> Response:
        return jsonify(sandbox.log.since(request.args.get("since", 0, type=int)))

    @blueprint.delete("/requests")
    def forget_requests() -> Response:
        sandbox.log.clear()
        return jsonify(ok=True)

    @blueprint.get("/audit")
    def check() -> Response:
        with sandbox.lock:
            return jsonify(audit(sandbox.store))
