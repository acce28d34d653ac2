"""Declaring a route: what it takes and answers, for the code and for the OpenAPI document alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Response, request
from pydantic import BaseModel
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from dashboard.api.repeated_keys import refuse_repeated_keys
from dashboard.api.shape import holds_more_than, refuse_large_objects
from dashboard.bounds import SMALL, Bound

View = TypeVar("View", bound=Callable[..., Any])
Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Operation:
    """One route as it is documented: models for its body, its query and each status it answers."""

    summary: str
    replies: dict[int, type[BaseModel]]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    headers: dict[str, str] = field(default_factory=dict)


def operation(declared: Operation) -> Callable[[View], View]:
    """Mark a view with its operation."""

    def mark(view: View) -> View:
        view.operation = declared  # type: ignore[attr-defined]  # read back by operation_of
        return view

    return mark


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """Return the operation of `view`, None if it is not a route of the API."""
    return getattr(view, "operation", None)


def read_body(model: type[Body]) -> Body:
    """Return the JSON body as `model`; raise ValidationError, 413 or 415."""
    return checked(model, raw_body(SMALL))


def checked(model: type[Body], raw: bytes) -> Body:
    """Return JSON as `model`; raise ValidationError.

    A key that is given twice is refused: which of the two was meant nobody can say.
    """
    refuse_large_objects(raw, model.__name__)
    # Where the items that were wrong are counted: see `types.Counted`.
    body = model.model_validate_json(raw, strict=True, context=[])
    refuse_repeated_keys(raw, model.__name__)
    return body


def raw_body(most: Bound) -> bytes:
    """Return the body of a JSON request; raise 413 or 415."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType(
            "The body is not application/json. Nothing was changed. Send it as JSON."
        )
    request.max_content_length = most.bytes
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise _too_large(f"is larger than {most.bytes} bytes") from None
    if holds_more_than(most.values, raw):
        raise _too_large(f"holds more than {most.values} values")
    return raw


def _too_large(how: str) -> RequestEntityTooLarge:
    return RequestEntityTooLarge(f"The body {how}. Nothing was changed. Send it in parts.")


def read_query(model: type[Body]) -> Body:
    """Return the query string as `model`; raise ValidationError."""
    return model.model_validate(request.args.to_dict())


def answer(model: BaseModel, status: int = 200) -> Response:
    """Return `model` as JSON; never kept by a cache."""
    response = Response(model.model_dump_json(), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
