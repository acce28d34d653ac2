"""The control surface under /_simulator: clock, webhooks, latency, limits, log, audit, reset."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response, jsonify, request

from simulator.control.audit import audit
from simulator.engine.deliveries import Deliveries, Manner
from simulator.engine.events import API_VERSION
from simulator.engine.state import Simulator
from simulator.resources.event_list import new_endpoint

DEFAULT_ENDPOINT = "we_sandbox"
_MANNERS = ("mode", "duplicate", "delay_seconds", "reorder", "drop")


def control_blueprint(simulator: Simulator, deliveries: Deliveries) -> Blueprint:
    """Return the routes that steer one simulator."""
    blueprint = Blueprint("control", __name__, url_prefix="/_simulator")
    _add_clock(blueprint, simulator)
    _add_webhooks(blueprint, simulator, deliveries)
    _add_pace(blueprint, simulator)
    _add_records(blueprint, simulator)

    @blueprint.post("/reset")
    def reset() -> Response:
        simulator.holds.release_all()
        simulator.faults.remove()
        simulator.log.clear()
        simulator.limits.set(None, None, None)
        simulator.latency_seconds = 0.0
        with simulator.lock:
            endpoint = simulator.store.get("webhook_endpoint", DEFAULT_ENDPOINT)
            simulator.store.clear()
            deliveries.clear()
            deliveries.manner = Manner()
            simulator.clock.move_to(time.time())
            if endpoint is not None:
                simulator.store.put("webhook_endpoint", endpoint)
            simulator.store.commit()
        return jsonify(ok=True)

    return blueprint


def set_endpoint(simulator: Simulator, url: str, secret: str) -> None:
    """Send every event to `url`, signed with `secret` (several, by commas, while one is rolled)."""
    endpoint = {
        **new_endpoint(url, secret, ["*"], simulator.clock.now()),
        "id": DEFAULT_ENDPOINT,
        "api_version": API_VERSION,
    }
    with simulator.lock:
        simulator.store.put("webhook_endpoint", endpoint)
        simulator.store.commit()


def _change_endpoint(simulator: Simulator, given: dict[str, Any]) -> None:
    endpoint = simulator.store.get("webhook_endpoint", DEFAULT_ENDPOINT) or {}
    url = given.get("url", endpoint.get("url"))
    if url:
        secret = given.get("secret") or endpoint.get("secret", "whsec_sandbox")
        set_endpoint(simulator, url, secret)
        return
    with simulator.lock:
        simulator.store.remove("webhook_endpoint", DEFAULT_ENDPOINT)
        simulator.store.commit()


def _body() -> dict[str, Any]:
    given: dict[str, Any] = request.get_json(silent=True) or {}
    return given


def _add_clock(blueprint: Blueprint, simulator: Simulator) -> None:
    @blueprint.get("/clock")
    def clock() -> Response:
        return jsonify(now=simulator.clock.exact(), offset_seconds=simulator.clock.offset)

    @blueprint.post("/clock")
    def move_clock() -> Response:
        """Move to `now` or by `advance_seconds`; what comes due on the way happens on the way."""
        given = _body()
        with simulator.lock:
            current = simulator.clock.exact()
            wanted = given.get("now", current + float(given.get("advance_seconds", 0)))
            fired = simulator.timers.advance_to(float(wanted))
            simulator.store.commit()
            now, offset = simulator.clock.exact(), simulator.clock.offset
        return jsonify(now=now, offset_seconds=offset, fired=fired)


def _add_webhooks(blueprint: Blueprint, simulator: Simulator, deliveries: Deliveries) -> None:
    @blueprint.post("/webhooks")
    def webhooks() -> Response:
        """Change only what is given: url (blank: none), secret, how deliveries misbehave."""
        given = _body()
        if "url" in given or "secret" in given:
            _change_endpoint(simulator, given)
        with simulator.lock:
            endpoint = simulator.store.get("webhook_endpoint", DEFAULT_ENDPOINT) or {}
            for name in _MANNERS:
                if name in given:
                    setattr(deliveries.manner, name, given[name])
            state = {name: getattr(deliveries.manner, name) for name in _MANNERS}
            return jsonify(url=endpoint.get("url"), pending=deliveries.pending(), **state)


def _add_pace(blueprint: Blueprint, simulator: Simulator) -> None:
    @blueprint.post("/latency")
    def latency() -> Response:
        simulator.latency_seconds = float(_body().get("milliseconds", 0)) / 1000
        return jsonify(milliseconds=simulator.latency_seconds * 1000)

    @blueprint.post("/limits")
    def limits() -> Response:
        """Set all three; what is missing is off."""
        given = _body()
        simulator.limits.set(
            given.get("account_per_second"),
            given.get("endpoint_per_second"),
            given.get("in_flight"),
        )
        return jsonify(simulator.limits.facts())

    @blueprint.get("/limits")
    def limits_now() -> Response:
        return jsonify(simulator.limits.facts())


def _add_records(blueprint: Blueprint, simulator: Simulator) -> None:
    @blueprint.get("/health")
    def health() -> Response:
        return jsonify(ok=True)

    @blueprint.get("/requests")
    def requests_since() -> Response:
        return jsonify(simulator.log.since(request.args.get("since", 0, type=int)))

    @blueprint.delete("/requests")
    def forget_requests() -> Response:
        simulator.log.clear()
        return jsonify(ok=True)

    @blueprint.get("/audit")
    def check() -> Response:
        with simulator.lock:
            return jsonify(audit(simulator.store))
