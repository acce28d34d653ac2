"""The control surface for misbehaviour: fault rules and held requests."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from simulator.engine.faults import BadRule, Faults
from simulator.engine.holds import Holds


def faults_blueprint(faults: Faults, holds: Holds) -> Blueprint:
    """Return the routes over the rules and the held requests of one simulator."""
    blueprint = Blueprint("faults", __name__, url_prefix="/_simulator")
    _add_rules(blueprint, faults)
    _add_holds(blueprint, holds)
    return blueprint


def _add_rules(blueprint: Blueprint, faults: Faults) -> None:
    @blueprint.post("/faults")
    def add() -> ResponseReturnValue:
        try:
            rule = faults.add(request.get_json(silent=True) or {})
        except BadRule as problem:
            return jsonify(error=str(problem)), 400
        return jsonify(rule.facts())

    @blueprint.get("/faults")
    def rules() -> Response:
        return jsonify(faults.facts())

    @blueprint.delete("/faults")
    def lift_all() -> Response:
        faults.remove()
        return jsonify(ok=True)

    @blueprint.delete("/faults/<identifier>")
    def lift(identifier: str) -> ResponseReturnValue:
        return jsonify(ok=True) if faults.remove(identifier) else (jsonify(ok=False), 404)


def _add_holds(blueprint: Blueprint, holds: Holds) -> None:
    @blueprint.get("/holds")
    def held() -> Response:
        return jsonify(holds.held())

    @blueprint.post("/holds/<identifier>/release")
    def release(identifier: str) -> ResponseReturnValue:
        """Let it go on; {"outcome": "drop"} closes its connection instead."""
        given = request.get_json(silent=True) or {}
        outcome = "drop" if given.get("outcome") == "drop" else "continue"
        return jsonify(ok=True) if holds.release(identifier, outcome) else (jsonify(ok=False), 404)
