"""Cut Stripe's published OpenAPI document down to the operations the simulator answers.

The document comes from a wheel and is read as data, never imported or run. What is left: request
schemas as they are, reply schemas as JSON Schema (OpenAPI's `nullable` is not), expandable objects
as their ids, no descriptions. `schema_overlay` then adds what the pinned API version has and the
document has not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from simulator.schema.overlay import (
    LINE_OPERATIONS,
    PRODUCT_DATA_FIELDS,
    REPLY_FIELDS,
    REPLY_OPTIONAL,
    REQUEST_FIELDS,
)

Node = dict[str, Any]

_FORM = "application/x-www-form-urlencoded"
_REFERENCE = "#/components/schemas/"
_DROPPED = {"description", "title"}
_REPLY_KEYWORDS = {
    "type", "enum", "required", "items", "anyOf", "additionalProperties", "maxLength",
}  # fmt: skip


def read_document(source: Path) -> Node:
    """Return the document inside the wheel's module: one assignment of one literal."""
    text = source.read_text(encoding="utf-8")
    document: Node = ast.literal_eval(text[text.index("{") :])
    return document


def trim(document: Node, operations: Iterable[tuple[str, str]]) -> Node:
    """Return {version, operations: {"POST /v1/…": {request, query, reply}}, replies: {name: …}}.

    Raises KeyError for an operation that the document does not have.
    """
    kept = {}
    for method, path in operations:
        kept[f"{method} {path}"] = _operation(document["paths"][path][method.lower()])
    replies = _closure(document["components"]["schemas"], kept)
    trimmed = {"version": document["info"]["version"], "operations": kept, "replies": replies}
    _overlay(trimmed)
    return trimmed


def _operation(operation: Node) -> Node:
    content = operation.get("requestBody", {}).get("content", {})
    form = content.get(_FORM, {}).get("schema", {"type": "object", "additionalProperties": False})
    in_query = [one for one in operation.get("parameters", []) if one["in"] == "query"]
    query = {
        "type": "object",
        "properties": {one["name"]: _plain(one["schema"]) for one in in_query},
        "required": [one["name"] for one in in_query if one.get("required")],
    }
    reply = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return {"request": _plain(form), "query": query, "reply": _json_schema(reply)}


def _plain(node: Any) -> Any:
    """Return a request node without its prose."""
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _named(value) if key == "properties" else _plain(value)
        for key, value in node.items()
        if key not in _DROPPED
    }


def _named(properties: Node) -> Node:
    # A property may itself be called "description".
    return {name: _plain(node) for name, node in properties.items()}


def _overlay(trimmed: Node) -> None:
    operations, replies = trimmed["operations"], trimmed["replies"]
    for key, fields in REQUEST_FIELDS.items():
        operations[key]["request"]["properties"].update(fields)
    for key in LINE_OPERATIONS:
        line = operations[key]["request"]["properties"]["lines"]["items"]
        product = line["properties"]["price_data"]["properties"]["product_data"]
        product["properties"].update(PRODUCT_DATA_FIELDS)
    for name, fields in REPLY_FIELDS.items():
        replies[name]["properties"].update(fields)
    for name, optional in REPLY_OPTIONAL.items():
        required = replies[name]["required"]
        replies[name]["required"] = [one for one in required if one not in optional]


def _json_schema(node: Any) -> Any:
    """Return a reply node as JSON Schema: nullable spelled out, expandables loose, names closed."""
    if isinstance(node, list):
        return [_json_schema(one) for one in node]
    if not isinstance(node, dict):
        return node
    if "x-expansionResources" in node:
        return {"type": ["string", "object"] + ["null"] * bool(node.get("nullable"))}
    if "$ref" in node:
        return {"$ref": node["$ref"].replace(_REFERENCE, "#/$defs/")}
    kept = {key: value for key, value in node.items() if key in _REPLY_KEYWORDS}
    schema = {key: _json_schema(value) for key, value in kept.items()}
    if "properties" in node:
        schema["properties"] = {n: _json_schema(one) for n, one in node["properties"].items()}
        # Stripe's document leaves objects open; closing them shows a misspelt field in our replies.
        schema.setdefault("additionalProperties", False)
    return {"anyOf": [schema, {"type": "null"}]} if node.get("nullable") else schema


def _closure(schemas: Node, operations: Node) -> Node:
    """Return every named schema that the operations' replies reach, as JSON Schema."""
    found: Node = {}
    waiting = _references(operations)
    while waiting:
        name = waiting.pop().rpartition("/")[2]
        if name not in found:
            found[name] = _json_schema(schemas[name])
            waiting.extend(_references(found[name]))
    return found


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for one in node for name in _references(one)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [name for one in node.values() for name in _references(one)]
