"""How an operation's parameters are read: by Stripe's schema, or by guessing when there is none."""

from __future__ import annotations

import re
from typing import Any

from simulator.engine.forms import nest
from simulator.engine.pipeline import Reader
from simulator.schema.published import Schema

_INTEGER = re.compile(r"-?\d+")
# Free text that may look like a number.
_TEXT = {
    "metadata",
    "invoice_metadata",
    "description",
    "name",
    "email",
    "phone",
    "footer",
    "number",
}
_TEXT |= {"quantity_decimal", "unit_amount_decimal", "customer", "statement_descriptor"}


def reader_for(operation: str, schema: Schema | None) -> Reader:
    """Return what turns the decoded pairs of a request into checked, typed parameters."""
    if schema is None:
        return lambda pairs: _guess_hash(nest(pairs))
    method = operation.partition(" ")[0]
    check = schema.body(operation) if method == "POST" else schema.query(operation)

    def read(pairs: list[tuple[str, str]]) -> dict[str, Any]:
        params: dict[str, Any] = check(nest(pairs), "")
        return params

    return read


def _guess_hash(node: dict[str, Any]) -> dict[str, Any]:
    return {name: value if name in _TEXT else _guess(value) for name, value in node.items()}


def _guess(value: Any) -> Any:
    if isinstance(value, dict):
        if value and all(name.isdigit() for name in value):
            return [_guess(value[index]) for index in sorted(value, key=int)]
        return _guess_hash(value)
    if value in ("true", "false"):
        return value == "true"
    return int(value) if _INTEGER.fullmatch(value) else value
