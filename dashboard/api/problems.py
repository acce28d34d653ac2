"""Every refusal and failure of the API as application/problem+json (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException

from dashboard.errors import BillingError

MEDIA_TYPE = "application/problem+json"
PATH = "/api/"
RETRY_SECONDS = "5"
BUSY = "Somebody changed the same thing at the same moment. Nothing was changed. Send it again."
DOWN = "The database is not answering. Nothing was changed. Send it again in a moment."
BROKEN = "Something broke on our side. Nothing was changed. Send it again in a moment."


def register_problems(app: Flask, api: Blueprint) -> None:
    """Answer errors of the API's routes, and wrong addresses below its path, as problems."""
    api.register_error_handler(BillingError, on_billing_error)
    api.register_error_handler(ValidationError, on_wrong_body)
    api.register_error_handler(IntegrityError, on_collision)
    api.register_error_handler(OperationalError, on_database_down)
    api.register_error_handler(HTTPException, on_http_error)
    app.after_request(ensure_problem)


def problem(status: int, code: str, detail: str, errors: Sequence[dict[str, Any]] = ()) -> Response:
    """Return the problem; `errors` name what is wrong by index (None outside a list) and field."""
    body = {
        "type": f"urn:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": g.get("request_id"),
        "errors": list(errors),
    }
    response = Response(json.dumps(body), status, content_type=MEDIA_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status in (HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE) and code == "busy":
        response.headers["Retry-After"] = RETRY_SECONDS
    return response


def on_billing_error(error: BillingError) -> Response:
    """Tell a refusal of the product in its own words."""
    errors = error.facts.get("errors", ())
    field = error.facts.get("field")
    if field and not errors:
        errors = [{"index": None, "field": field, "code": error.code, "detail": error.message}]
    return problem(error.status, error.code, error.message, errors)


def on_wrong_body(error: ValidationError) -> Response:
    """Tell what in the body is not as documented."""
    errors = [_body_error(one["loc"], one["type"], one["msg"]) for one in error.errors()]
    detail = "The request is not as documented. Nothing was changed. Correct what is listed."
    return problem(422, "invalid_body", detail, errors)


def on_collision(_error: IntegrityError) -> Response:
    """Two requests made the same row at once; the database kept one."""
    return problem(409, "busy", BUSY)


def on_database_down(_error: OperationalError) -> Response:
    """The database is away, or chose this request to end a deadlock."""
    return problem(503, "busy", DOWN)


def on_http_error(error: HTTPException) -> Response:
    """Tell an HTTP error; our own failures keep their text in the log."""
    status = error.code or 500
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem(status, "failure", BROKEN)
    response = problem(status, _code(status), error.description or BROKEN)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def ensure_problem(response: Response) -> Response:
    """Turn the page of a wrong address or method below the API's path into a problem."""
    is_ours = request.path.startswith(PATH) and response.status_code >= HTTPStatus.BAD_REQUEST
    if not is_ours or response.mimetype == MEDIA_TYPE:
        return response
    status = HTTPStatus(response.status_code)
    told = problem(status, _code(status), f"{status.description or status.phrase}.")
    allowed = getattr(request.routing_exception, "valid_methods", None)
    if allowed:
        told.headers["Allow"] = ", ".join(sorted(allowed))
    return told


def _code(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "_")


def _body_error(place: Sequence[int | str], kind: str, message: str) -> dict[str, Any]:
    index = next((part for part in place if isinstance(part, int)), None)
    if index is not None:
        place = place[place.index(index) + 1 :]
    field = ".".join(str(part) for part in place) or None
    return {"index": index, "field": field, "code": kind, "detail": f"{message}."}
