"""Request checks made from Stripe's schema: each node becomes a function that reads and refuses.

A form carries only strings, so reading and checking are one walk: "12" becomes 12 where the schema
says integer and is refused where it says boolean. The functions are made once per operation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from simulator.engine.errors import ApiError, invalid

Check = Callable[[Any, str], Any]
Node = dict[str, Any]

_INTEGER = re.compile(r"-?\d+")
_DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_BOOLEANS = {"true": True, "false": False}


def compile_node(node: Node) -> Check:
    """Return the check for one schema node."""
    if "anyOf" in node:
        return _any_of(node["anyOf"])
    kind = node.get("type", "string")
    if kind == "object":
        return _object(node)
    if kind == "array":
        return _array(compile_node(node["items"]))
    scalars = {"integer": _integer, "boolean": _boolean, "number": _number}
    return scalars.get(kind) or _string(node)


def _integer(value: Any, param: str) -> int:
    text = _text(value, param)
    if not _INTEGER.fullmatch(text):
        raise invalid(f"Invalid integer: {text}", param=param, code="parameter_invalid_integer")
    return int(text)


def _boolean(value: Any, param: str) -> bool:
    text = _text(value, param)
    if text not in _BOOLEANS:
        raise invalid(f"Invalid boolean: {text}", param=param)
    return _BOOLEANS[text]


def _number(value: Any, param: str) -> float:
    text = _text(value, param)
    if not _DECIMAL.fullmatch(text):
        raise invalid(f"Invalid decimal: {text}", param=param)
    return float(text)


def _string(node: Node) -> Check:
    longest, choices = node.get("maxLength"), node.get("enum")
    decimal = node.get("format") == "decimal"

    def check(value: Any, param: str) -> str:
        text = _text(value, param, may_be_empty=choices is not None)
        if choices is not None and text not in choices:
            raise invalid(f"Invalid {param}: must be one of {_listed(choices)}", param=param)
        if longest is not None and len(text) > longest:
            raise invalid(f"Invalid string: must be at most {longest} characters", param=param)
        if decimal and not _DECIMAL.fullmatch(text):
            raise invalid(f"Invalid decimal: {text}", param=param)
        return text

    return check


def _array(item: Check) -> Check:
    def check(value: Any, param: str) -> list[Any]:
        if not isinstance(value, dict) or not all(index.isdigit() for index in value):
            raise invalid("Invalid array", param=param)
        return [item(value[index], f"{param}[{index}]") for index in sorted(value, key=int)]

    return check


def _object(node: Node) -> Check:
    checks = {name: compile_node(child) for name, child in node.get("properties", {}).items()}
    required = node.get("required", [])
    other = node.get("additionalProperties")
    rest = compile_node(other) if isinstance(other, dict) else None

    def check(value: Any, param: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid("Invalid hash", param=param)
        read: dict[str, Any] = {}
        for name, raw in value.items():
            child = f"{param}[{name}]" if param else name
            # Blank unsets a key of a free-form hash (metadata); the resource says what that does.
            if rest is not None and raw == "":
                read[name] = ""
                continue
            known = checks.get(name, rest)
            if known is None:
                raise _unknown(child)
            read[name] = known(raw, child)
        for name in required:
            if name not in read:
                raise _missing(f"{param}[{name}]" if param else name)
        return read

    return check


def _any_of(nodes: list[Node]) -> Check:
    checks = [compile_node(node) for node in nodes]
    blank_allowed = any("" in node.get("enum", ()) for node in nodes)

    def check(value: Any, param: str) -> Any:
        if value == "" and blank_allowed:
            return ""
        first: ApiError | None = None
        for one in checks:
            try:
                return one(value, param)
            except ApiError as refusal:
                first = first or refusal
        raise first or invalid(f"Invalid {param}", param=param)

    return check


def _text(value: Any, param: str, *, may_be_empty: bool = False) -> str:
    if not isinstance(value, str):
        raise invalid(f"Invalid string: {param} may not be a hash or an array", param=param)
    if value == "" and not may_be_empty:
        raise invalid(
            f"You passed an empty string for '{param}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{param}' cannot be unset. You should remove '{param}' "
            "from your request or supply a non-empty value.",
            param=param,
            code="parameter_invalid_empty",
        )
    return value


def _unknown(param: str) -> ApiError:
    return invalid(f"Received unknown parameter: {param}", param=param, code="parameter_unknown")


def _missing(param: str) -> ApiError:
    return invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")


def _listed(choices: list[str]) -> str:
    return ", ".join(choice for choice in choices if choice)
