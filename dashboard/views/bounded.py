"""What a request may be, checked before anything reads it; the API checks its bodies itself."""

from flask import Flask, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge, RequestURITooLarge, UnsupportedMediaType

from dashboard.bounds import (
    DELIVERIES_PATH,
    FORM_PARTS,
    PATH_CHARACTERS,
    QUERY_BYTES,
    QUERY_PARTS,
    bound_of,
)
from dashboard.errors import BillingError
from dashboard.hosts import Hosts

PROBES = ("/healthz", "/readyz", "/metrics")
READ_ELSEWHERE = ("/api/", DELIVERIES_PATH)
FORM = "application/x-www-form-urlencoded"


class StrangeHost(BillingError):
    """The request is for a name that is not ours."""

    status = 400
    code = "strange_host"


def register_bounds(app: Flask) -> None:
    """Bound every request; must come before whatever looks into its form or its address."""
    app.before_request(refuse_unbounded)


def refuse_unbounded() -> None:
    """Raise 414 for an address, 413 and 415 for a form, that no page of ours sends."""
    query = request.query_string
    if (
        len(request.path) > PATH_CHARACTERS
        or len(query) > QUERY_BYTES
        or query.count(b"&") >= QUERY_PARTS
    ):
        raise RequestURITooLarge
    _refuse_strange_host()
    request.max_content_length = bound_of(request.path).bytes
    if request.endpoint is not None and not request.path.startswith(READ_ELSEWHERE):
        _refuse_other_than_forms()


def _refuse_strange_host() -> None:
    """Refuse what is for another name, as answers would lead there; probes go by address."""
    hosts: Hosts = current_app.extensions["hosts"]
    if not hosts.knows(request.environ.get("HTTP_HOST", "")) and request.path not in PROBES:
        raise StrangeHost(
            "This product does not answer to that host name. Nothing was changed. The person who "
            "runs it can add the name to EXTERNAL_URL or TRUSTED_HOSTS."
        )


def _refuse_other_than_forms() -> None:
    """Let pages read forms only: a field would be whatever JSON or a file makes of it."""
    if request.mimetype not in ("", FORM):
        raise UnsupportedMediaType
    if sum(len(values) for _, values in request.form.lists()) > FORM_PARTS:
        raise RequestEntityTooLarge
