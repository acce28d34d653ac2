"""One request to /v1, from the key in its header to its reply.

The simulator's promises rest on the order: authenticate; faults before; rate limits; latency; check
the parameters; idempotency key; execute, keep the reply and commit as one; faults after.
"""

from __future__ import annotations

import base64
import binascii
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.engine.errors import ApiError
from simulator.engine.events import Cause
from simulator.engine.faults import Rule
from simulator.engine.holds import new_hold
from simulator.engine.idempotency import fingerprint
from simulator.engine.limits import lock_timeout, rate_limited
from simulator.engine.packed import dump
from simulator.engine.state import Call, Handler, Simulator
from simulator.engine.store import new_id

log = logging.getLogger(__name__)

# Reads and checks the parameters of one request: decoded pairs in, typed parameters out.
Reader = Callable[[list[tuple[str, str]]], dict[str, Any]]
ReplyCheck = Callable[[str, Any], None]


class Dropped(Exception):
    """The connection is to be closed without a reply."""


@dataclass(frozen=True)
class Operation:
    """One operation of the API and how its parameters are read."""

    name: str
    handler: Handler
    read: Reader
    check_reply: ReplyCheck | None = None


@dataclass
class Exchange:
    """One request and, as it goes on, its reply. `text` is the JSON body."""

    method: str
    path: str
    pairs: list[tuple[str, str]]
    ids: dict[str, str]
    headers: Mapping[str, str]
    key: str | None = None
    request_id: str = field(default_factory=lambda: new_id("req"))
    status: int = 0
    text: str = ""
    replayed: bool = False
    reply_headers: dict[str, str] = field(default_factory=dict)


def serve(simulator: Simulator, operation: Operation, exchange: Exchange) -> Exchange:
    """Answer one request. Raises Dropped when there is to be no reply; either way it is logged."""
    if exchange.method == "POST":
        exchange.key = exchange.headers.get("Idempotency-Key") or None
    try:
        _answer(simulator, operation, exchange)
    except ApiError as refusal:
        _refuse(exchange, refusal)
    except Dropped:
        exchange.status = 0
        raise
    finally:
        _write_down(simulator, operation, exchange)
    return exchange


def _answer(simulator: Simulator, operation: Operation, exchange: Exchange) -> None:
    _authenticate(exchange.headers.get("Authorization", ""))
    rule = simulator.faults.strike(exchange.method, exchange.path)
    if rule is not None:
        _strike_before(simulator, rule, exchange)
    simulator.limits.enter(operation.name)
    try:
        if simulator.latency_seconds:
            time.sleep(simulator.latency_seconds)
        params = operation.read(exchange.pairs)
        _execute(simulator, operation, exchange, params, rule)
    finally:
        simulator.limits.leave()
    if rule is not None:
        _strike_after(simulator, rule, exchange)


def _execute(
    simulator: Simulator,
    operation: Operation,
    exchange: Exchange,
    params: dict[str, Any],
    rule: Rule | None,
) -> None:
    key = exchange.key
    if key is None:
        _run(simulator, operation, exchange, params, rule)
        return
    mark = fingerprint(exchange.method, exchange.path, exchange.pairs)
    with simulator.lock:
        kept = simulator.keys.begin(key, mark)
    if kept is not None:
        exchange.status, exchange.text, exchange.replayed = kept.status, kept.text, True
        return
    try:
        if rule is not None and rule.kind == "hold_during":
            _hold(simulator, rule, exchange, "during")
        _run(simulator, operation, exchange, params, rule, mark)
    finally:
        simulator.keys.release(key)


def _run(
    simulator: Simulator,
    operation: Operation,
    exchange: Exchange,
    params: dict[str, Any],
    rule: Rule | None,
    mark: str = "",
) -> None:
    """Execute; what changed and the reply under its key are committed together."""
    call = Call(simulator, params, exchange.ids, Cause(exchange.request_id, exchange.key))
    with simulator.lock:
        exchange.status, body = _outcome(operation, call)
        if rule is not None and rule.kind == "error_after":
            exchange.status, body = rule.status, _broken(rule.status).body()
        exchange.text = dump(body)
        if exchange.key is not None:
            simulator.keys.keep(exchange.key, mark, exchange.status, exchange.text)
        simulator.store.commit()


def _outcome(operation: Operation, call: Call) -> tuple[int, Any]:
    try:
        body = operation.handler(call)
        if operation.check_reply is not None:
            operation.check_reply(operation.name, body)
    except ApiError as refusal:
        if not refusal.began:
            raise
        return refusal.status, refusal.body()
    except Exception as problem:
        log.exception("The Stripe simulator itself failed in %s", operation.name)
        return 500, _broken(500, f"The Stripe simulator itself failed: {problem}").body()
    return 200, body


def _strike_before(simulator: Simulator, rule: Rule, exchange: Exchange) -> None:
    if rule.kind == "drop_before":
        raise Dropped
    if rule.kind == "error_before":
        raise _broken(rule.status)
    if rule.kind == "rate_limit":
        raise rate_limited(rule.reason)
    if rule.kind == "lock_timeout":
        raise lock_timeout()
    if rule.kind == "slow":
        time.sleep(rule.seconds or 1.0)
    if rule.kind == "hold_before":
        _hold(simulator, rule, exchange, "before")


def _strike_after(simulator: Simulator, rule: Rule, exchange: Exchange) -> None:
    if rule.kind == "drop_after":
        raise Dropped
    if rule.kind == "hold_after":
        _hold(simulator, rule, exchange, "after")


def _hold(simulator: Simulator, rule: Rule, exchange: Exchange, point: str) -> None:
    hold = new_hold(point, exchange.method, exchange.path, exchange.key)
    if simulator.holds.wait(hold, rule.seconds) == "drop":
        raise Dropped


def _refuse(exchange: Exchange, refusal: ApiError) -> None:
    exchange.status, exchange.text = refusal.status, dump(refusal.body())
    exchange.reply_headers.update(refusal.headers)
    if refusal.code == "lock_timeout":
        # Stripe refuses these before the request is numbered.
        exchange.request_id = ""


def _write_down(simulator: Simulator, operation: Operation, exchange: Exchange) -> None:
    simulator.log.add(
        method=exchange.method,
        path=exchange.path,
        operation=operation.name,
        status=exchange.status,
        idempotency_key=exchange.key,
        replayed=exchange.replayed,
        at=simulator.clock.exact(),
    )


def _authenticate(header: str) -> None:
    scheme, _, credential = header.partition(" ")
    key = _basic_user(credential) if scheme == "Basic" else credential.strip()
    if not key:
        raise ApiError(401, "You did not provide an API key.", began=False)
    if not key.startswith(("sk_test_", "rk_test_")):
        raise ApiError(401, f"Invalid API Key provided: {key[:8]}****", began=False)


def _basic_user(credential: str) -> str:
    try:
        return base64.b64decode(credential).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _broken(status: int, message: str = "An unknown error occurred") -> ApiError:
    return ApiError(status, message, type="api_error", began=False)
