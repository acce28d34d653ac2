"""Every refusal and failure as a page, or as a fragment beside what htmx tried."""

from urllib.parse import urlsplit

import structlog
from flask import Flask, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError

from dashboard.accounts.proof import ProofWanted
from dashboard.database_failures import AWAY, COLLISION, failure_of
from dashboard.errors import BillingError, OutcomeUnknown
from dashboard.paging import NoSuchPage
from dashboard.views.addresses import own_address
from dashboard.views.asking import forget_reader
from dashboard.views.hypermedia import is_for_panel, is_htmx
from dashboard.views.paging import on_no_such_page
from dashboard.views.proof import on_proof_wanted
from dashboard.views.returning import send_back

log = structlog.get_logger("dashboard.views.errors")

# Status: (what happened, what was not changed, what to do).
WORDS = {
    400: ("The request could not be read", "Nothing was changed.", "Go back and try again."),
    401: ("You are not signed in", "Nothing was changed.", "Sign in and try again."),
    403: ("You may not do this", "Nothing was changed.", "Ask an administrator for access."),
    404: (
        "This page does not exist",
        "Nothing was changed.",
        "Check the address, or search for it.",
    ),
    405: (
        "That cannot be done here",
        "Nothing was changed.",
        "Go back and use the page's buttons.",
    ),
    409: ("This page is out of date", "Nothing was changed.", "Reload the page and check it."),
    413: ("What you sent is too large", "Nothing was changed.", "Send it in smaller parts."),
    414: ("The address is too long", "Nothing was changed.", "Shorten it, or search for less."),
    415: ("This is not a form", "Nothing was changed.", "Use the page's form, without files."),
    422: ("What you entered cannot be used", "Nothing was changed.", "Correct it and try again."),
    429: ("Too many attempts", "Nothing was changed.", "Wait a minute, then try again."),
    500: (
        "Something went wrong on our side",
        "Your change was not made.",
        "Try again in a moment.",
    ),
    503: (
        "A system we need is not answering",
        "Your change was not made.",
        "Try again in a minute.",
    ),
}
SAFE = ("GET", "HEAD", "OPTIONS")
STALE_FORM = "The page was open for longer than your session. Reload it and try again."
# Over TLS a form has to come from the address it is sent to; a proxy may hide that it does.
STRANGE_FORM = (
    "The page came from a different address. Open it again and retry. If it happens every time, "
    "tell the person who runs this: the proxy does not pass on Host with its port."
)
COLLIDED = "Go back, reload the page and check whether it still needs to be done."


def register_errors(app: Flask) -> None:
    """Answer the product's refusals, HTTP's and our own failures alike."""
    app.register_error_handler(BillingError, on_billing_error)
    app.register_error_handler(NoSuchPage, on_no_such_page)
    app.register_error_handler(ProofWanted, on_proof_wanted)
    app.register_error_handler(OutcomeUnknown, on_lost_commit)
    app.register_error_handler(CSRFError, on_stale_form)
    app.register_error_handler(SQLAlchemyError, on_database_error)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(InternalServerError, on_failure)


def on_billing_error(error: BillingError) -> ResponseReturnValue:
    """Show the sentence of the refusal; it says what was not changed and what to do."""
    return answer(error.status, sentence=error.message)


def on_stale_form(error: CSRFError) -> ResponseReturnValue:
    """Show a form that outlived its session again, as typed; or say that it came from elsewhere."""
    came_from = urlsplit(request.referrer or "").netloc
    log.warning("form_refused", reason=error.description, host=request.host, came_from=came_from)
    if str(error.description).startswith("The referrer"):
        return answer(400, sentence=f"Nothing was changed. {STRANGE_FORM}")
    return send_back() or answer(400, sentence=f"Nothing was changed. {STALE_FORM}")


def on_database_error(error: SQLAlchemyError) -> ResponseReturnValue:
    """Say what the database could not do now; the text of the error stays in the log."""
    failure = failure_of(error)
    if failure is None:
        raise error
    log.warning("database_failed", reason=str(error), status=failure.status)
    if failure.status >= 500:
        forget_reader()
    advice = COLLIDED if failure is COLLISION else WORDS[failure.status][2]
    sentence = f"{failure.happened} Nothing was changed. {advice}"
    return answer(failure.status, sentence=sentence, retry_after=failure.retry_after_seconds)


def on_lost_commit(error: OutcomeUnknown) -> ResponseReturnValue:
    """Say that nobody knows what became of it; who only read has lost nothing."""
    forget_reader()
    sentence = None if request.method in SAFE else error.message
    return answer(503, sentence=sentence, retry_after=AWAY.retry_after_seconds)


def on_failure(error: InternalServerError) -> ResponseReturnValue:
    """Say that something broke, or what did: errors of the commit come here, wrapped by Flask."""
    original = error.original_exception
    if isinstance(original, OutcomeUnknown):
        return on_lost_commit(original)
    if isinstance(original, SQLAlchemyError) and failure_of(original):
        return on_database_error(original)
    return on_http_error(error)


def on_http_error(error: HTTPException) -> ResponseReturnValue:
    """Show an HTTP error; answers that carry their own response pass through."""
    if error.response is not None:
        return error.response
    return answer(error.code or 500, retry_after=_retry_after(error))


def answer(
    status: int, *, sentence: str | None = None, retry_after: str | int | None = None
) -> ResponseReturnValue:
    """Return the error page for `status`, or its fragment when htmx asks."""
    title, unchanged, advice = WORDS.get(status, WORDS[400] if status < 500 else WORDS[500])
    template = "errors/_fragment.html" if is_htmx() and not is_for_panel() else "errors/show.html"
    page = render_template(
        template,
        status=status,
        title=title,
        sentence=sentence or f"{unchanged} {advice}",
        retry_after=retry_after,
        back=own_address(request.referrer),
    )
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    return page, status, headers


def refuse(message: str) -> None:
    """Put a refusal at the head of the next page; for forms answered by a redirect."""
    flash(message, "error")


def _retry_after(error: HTTPException) -> str | None:
    headers = dict(error.get_headers())
    return headers.get("Retry-After")
