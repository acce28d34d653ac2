"""The OpenAPI document, made of the routes and the models that check the requests."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from flask import Blueprint, Response, current_app
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from dashboard.accounts.permissions import permission, permission_of
from dashboard.api.operation import Operation, operation_of
from dashboard.api.schemas.types import Problem

bp = Blueprint("document", __name__, url_prefix="/openapi.json")
REFERENCE = "#/components/schemas/{model}"
PROBLEM = {"application/problem+json": {"schema": {"$ref": REFERENCE.format(model="Problem")}}}


# Made once: making it takes longer than any other answer, and whoever asks needs no token.
MADE = "openapi_document"


@bp.get("")
@permission("public")
def show() -> Response:
    """Answer the document."""
    kept = current_app.extensions
    if MADE not in kept:
        kept[MADE] = json.dumps(openapi())
    response = Response(kept[MADE], content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def openapi() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of every route that declares an operation."""
    routes = [
        (rule, declared)
        for rule in current_app.url_map.iter_rules()
        if (declared := operation_of(current_app.view_functions[rule.endpoint])) is not None
    ]
    paths: dict[str, dict[str, Any]] = {}
    for rule, declared in sorted(routes, key=lambda route: route[0].rule):
        path = paths.setdefault(_path(rule), {})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            path[method.lower()] = _operation(rule, declared)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Billing dashboard", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": _schemas([declared for _, declared in routes]),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _operation(rule: Rule, declared: Operation) -> dict[str, Any]:
    needed = permission_of(current_app.view_functions[rule.endpoint])
    described: dict[str, Any] = {
        "operationId": rule.endpoint.removeprefix("api."),
        "summary": declared.summary,
        "description": f"Scope: `{needed.scope}`." if needed and needed.scope else "",
        "parameters": _parameters(rule, declared),
        "responses": {
            **{str(status): _reply(model) for status, model in declared.replies.items()},
            "default": {"description": "Refused. Nothing was changed.", "content": PROBLEM},
        },
    }
    if declared.body is not None:
        described["requestBody"] = {"required": True, "content": _content(declared.body)}
    return described


def _parameters(rule: Rule, declared: Operation) -> list[dict[str, Any]]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _argument_schema(rule, name)}
        for name in sorted(rule.arguments)
    ]
    if declared.query is not None:
        properties = declared.query.model_json_schema()["properties"]
        parameters += [
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in properties.items()
        ]
    parameters += [
        {
            "name": name,
            "in": "header",
            "required": False,
            "description": words,
            "schema": {"type": "string"},
        }
        for name, words in declared.headers.items()
    ]
    return parameters


def _argument_schema(rule: Rule, name: str) -> dict[str, str]:
    return {"type": "integer" if f"<int:{name}>" in rule.rule else "string"}


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


def _reply(model: type[BaseModel]) -> dict[str, Any]:
    return {"description": (model.__doc__ or "").strip(), "content": _content(model)}


def _content(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REFERENCE.format(model=model.__name__)}}}


def _schemas(operations: list[Operation]) -> dict[str, Any]:
    sent = {declared.body for declared in operations if declared.body is not None}
    told = {model for declared in operations for model in declared.replies.values()} | {Problem}
    modes: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        *((model, "validation") for model in sorted(sent, key=lambda one: one.__name__)),
        *((model, "serialization") for model in sorted(told, key=lambda one: one.__name__)),
    ]
    _, document = models_json_schema(modes, ref_template=REFERENCE)
    schemas: dict[str, Any] = document["$defs"]
    return schemas
