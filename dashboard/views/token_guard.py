"""The API's guard: a live token with the scope, within its allowance."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import TooManyRequests

from dashboard.accounts.permissions import Permission, Unauthenticated
from dashboard.accounts.secret_hash import hash_of
from dashboard.accounts.tokens import verify, why_ended
from dashboard.allowances import SPENT, Allowances, Spent
from dashboard.clock import utc_now
from dashboard.errors import Forbidden
from dashboard.wrong_tokens import WrongTokens

NONE = "There is no valid token. Nothing was done. Send one as Authorization: Bearer."
TOO_MANY_WRONG = (
    "This address sent too many wrong tokens. Nothing was done. Correct the token and wait for "
    "the seconds in Retry-After."
)
OVER = (
    "The token has used its {limit} requests for this minute. Nothing was done. Send the request "
    "again after Retry-After seconds, or send more records in one."
)


class TokenEnded(Unauthenticated):
    """The token was one of ours."""

    code = "token_ended"


def register_allowances(app: Flask) -> None:
    """Tell callers with each answer what is left of their token's allowance."""
    app.after_request(tell_allowance)


def require_token(needed: Permission) -> None:
    """Let only a token through that holds the scope; raises 401, 403 or 429 in words."""
    kind, _, sent = request.headers.get("Authorization", "").partition(" ")
    secret = sent.strip()
    if kind.lower() != "bearer" or not secret:
        raise Unauthenticated(NONE)
    wrong: WrongTokens = current_app.extensions["wrong_tokens"]
    token_hash = hash_of(secret)
    if seconds := wrong.seconds_to_wait(request.remote_addr, token_hash):
        raise TooManyRequests(TOO_MANY_WRONG, retry_after=seconds)
    token = verify(secret, now=utc_now())
    if token is None:
        if seconds := wrong.note_wrong(request.remote_addr, token_hash):
            raise TooManyRequests(TOO_MANY_WRONG, retry_after=seconds)
        ended = why_ended(secret)
        raise TokenEnded(ended) if ended else Unauthenticated(NONE)
    wrong.note_right(token_hash)
    _spend(token_hash)
    if needed.scope not in token.scopes:
        raise Forbidden(
            f"The token lacks the scope {needed.scope}. Nothing was done. Use a token that has it."
        )
    g.api_token = token


def _spend(token_hash: str) -> None:
    allowances: Allowances = current_app.extensions["allowances"]
    environ = request.environ
    spent: Spent | None = environ[SPENT] if SPENT in environ else allowances.spend(token_hash)
    g.spent = spent
    if spent is not None and spent.is_over:
        raise TooManyRequests(OVER.format(limit=spent.limit), retry_after=spent.seconds)


def tell_allowance(response: Response) -> Response:
    """Add the headers of the allowance, where a token was counted."""
    spent: Spent | None = g.get("spent")
    if spent is not None:
        response.headers.extend(spent.headers)
    return response
