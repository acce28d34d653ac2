"""Every refusal and failure of the API as application/problem+json (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, g, request
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError

from dashboard.bounds import EXCERPT, MOST_ERRORS, SENTENCE
from dashboard.database_failures import AWAY, failure_of
from dashboard.errors import BillingError, OutcomeUnknown
from dashboard.text import shown

log = structlog.get_logger("dashboard.api")
MEDIA_TYPE = "application/problem+json"
PATH = "/api/"
SAFE = ("GET", "HEAD", "OPTIONS")
AGAIN = "Nothing was changed. Send it again."
UNKNOWN = (
    "The database connection was lost while this was being saved, so it may or may not have been "
    "done. Check, or send it again: with the same key, slug, code or external id it is done once."
)
BROKEN = "Something went wrong on our side. Nothing was changed. Send it again in a moment."


def register_problems(app: Flask, api: Blueprint) -> None:
    """Answer errors of the API's routes, and wrong addresses below its path, as problems."""
    api.register_error_handler(BillingError, on_billing_error)
    api.register_error_handler(ValidationError, on_wrong_body)
    api.register_error_handler(OutcomeUnknown, on_lost_commit)
    api.register_error_handler(SQLAlchemyError, on_database_error)
    api.register_error_handler(HTTPException, on_http_error)
    api.register_error_handler(InternalServerError, on_failure)
    app.after_request(ensure_problem)


def problem(status: int, code: str, detail: str, errors: Sequence[dict[str, Any]] = ()) -> Response:
    """Return the problem; `errors` name what is wrong by index (None outside a list) and field."""
    body = {
        "type": f"urn:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": shown(detail, most=SENTENCE),
        "code": code,
        "request_id": g.get("request_id"),
        "errors": [_bounded(one) for one in errors[:MOST_ERRORS]],
        "errors_left_out": max(0, len(errors) - MOST_ERRORS),
    }
    response = Response(json.dumps(body), status, content_type=MEDIA_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if code == "busy":
        response.headers["Retry-After"] = str(AWAY.retry_after_seconds)
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
    found = error.errors(include_url=False, include_context=False, include_input=False)
    errors = [_body_error(one["loc"], one["type"], one["msg"]) for one in found]
    detail = (
        "The request does not match the documentation. Nothing was changed. Correct the listed "
        "fields."
    )
    return problem(422, "invalid_body", detail, errors)


def on_database_error(error: SQLAlchemyError) -> Response:
    """Tell what the database could not do now; the text of the error stays in the log."""
    failure = failure_of(error)
    if failure is None:
        raise error
    log.warning("database_failed", reason=str(error), status=failure.status)
    told = problem(failure.status, "busy", f"{failure.happened} {AGAIN}")
    told.headers["Retry-After"] = str(failure.retry_after_seconds)
    return told


def on_lost_commit(error: OutcomeUnknown) -> Response:
    """Tell that nobody knows what became of it; who only read has lost nothing."""
    if request.method in SAFE:
        return problem(AWAY.status, "busy", f"{AWAY.happened} {AGAIN}")
    told = problem(error.status, error.code, UNKNOWN)
    told.headers["Retry-After"] = str(AWAY.retry_after_seconds)
    return told


def on_failure(error: InternalServerError) -> Response:
    """Tell a failure of ours, or what failed: the commit's errors come here, wrapped by Flask."""
    original = error.original_exception
    if isinstance(original, OutcomeUnknown):
        return on_lost_commit(original)
    if isinstance(original, SQLAlchemyError) and failure_of(original):
        return on_database_error(original)
    return on_http_error(error)


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


def _bounded(error: dict[str, Any]) -> dict[str, Any]:
    """Return an error without more than an excerpt of what was sent."""
    field = error["field"]
    told = {
        "field": None if field is None else shown(field, most=EXCERPT),
        "detail": shown(error["detail"], most=SENTENCE),
    }
    return {**error, **told}


def _code(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "_")


def _body_error(place: Sequence[int | str], kind: str, message: str) -> dict[str, Any]:
    index = next((part for part in place if isinstance(part, int)), None)
    if index is not None:
        place = place[place.index(index) + 1 :]
    field = ".".join(str(part) for part in place) or None
    return {"index": index, "field": field, "code": kind, "detail": f"{message}."}
