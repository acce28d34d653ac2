"""Guesses are counted before they are answered, and one that was right is given back.

So many at once get no more tries than one after the other. A guesser is stopped by address and,
coming from many addresses, by e-mail. Neither keeps out who signed in before with that e-mail and
that browser: a known device is counted by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from secrets import token_urlsafe
from typing import Any, cast

from flask import Response, after_this_request, current_app, g, make_response, request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.exceptions import TooManyRequests

from dashboard.accounts.models import User
from dashboard.accounts.permissions import View
from dashboard.callers import who_is_at
from dashboard.email_address import known_as
from dashboard.guesses import Guesses
from dashboard.links import signing_keys

PER_ADDRESS = "20 per minute; 200 per hour"
PER_EMAIL = "6 per minute; 30 per hour"
# Of mails with a link for a password that somebody may have sent to an address.
MAILS_PER_EMAIL = "3 per hour"
NOTED_PER_EMAIL = "5 per hour"
NOTED_OF_ALL = "200 per hour"
# Of invitations to an organization: of one who invites, of all who do, and to one address.
INVITED_BY_ONE = "30 per hour"
INVITED_BY_ALL = "60 per hour"
DEVICE = "device"
DEVICE_SECONDS = 365 * 86400


def slow_down_guesses(view: View) -> View:
    """Let an address try a few secrets a minute, from whatever device.

    No e-mail is typed in here, so that a device would be whichever the guesser says it is: one
    more, with tries of its own, for each time they sign in as themselves.
    """
    return _slowed(view, lambda: {_caller(): PER_ADDRESS})


def slow_down_sign_ins(view: View) -> View:
    """Let an address, and whoever tries an e-mail, enter a few passwords a minute."""
    return _slowed(view, lambda: {_address(): PER_ADDRESS} | {_email(): PER_EMAIL})


def slow_down_codes(whose: Callable[[], int | None]) -> Callable[[View], View]:
    """Let whoever is a step away from a person's access try a few secrets a minute, from wherever.

    To get here they knew the password, or have a session: by its count alone nobody is kept out.
    """

    def limits() -> Mapping[str, str]:
        return {_caller(): PER_ADDRESS, f"person {whose()}": PER_EMAIL}

    return lambda view: _slowed(view, limits)


def slow_down_mails(view: View) -> View:
    """Let an address, and whoever names an e-mail, have a few mails sent; none is given back."""
    return _slowed(
        view, lambda: {_address(): PER_ADDRESS} | {_email(): MAILS_PER_EMAIL}, gives_back=False
    )


def count_as_wrong() -> None:
    """Let this try cost one, though its answer leads on to another page."""
    g.was_wrong = True


def know_device(user: User) -> None:
    """Let this browser be known from now on as one in which `user` signed in."""

    @after_this_request
    def remember(response: Response) -> Response:
        response.set_cookie(
            DEVICE,
            _devices().dumps([user.email, token_urlsafe(12)]),
            max_age=DEVICE_SECONDS,
            httponly=True,
            samesite="Lax",
            path=current_app.config["SESSION_COOKIE_PATH"],
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        )
        return response


def is_worth_a_row(email: str) -> bool:
    """Whether one more refusal is put on record: of one e-mail and of all a few an hour are."""
    guesses: Guesses = current_app.extensions["guesses"]
    typed = known_as(email)[:254]
    return guesses.spend({f"noted {typed}": NOTED_PER_EMAIL, "noted": NOTED_OF_ALL}) is None


def limits_of_proof(user_id: int) -> Mapping[str, str]:
    """Return how often who is signed in may try their password again, and who is at an address."""
    return {f"proof {_caller()}": PER_ADDRESS, f"proof person {user_id}": PER_EMAIL}


def count_inviting(user_id: int, organization_id: int) -> None:
    """Count that somebody invites; raise `TooManyRequests` if it is once too often.

    Only what they may is counted for all of the organization together: the others may go on.
    """
    count_guess({f"inviting person {user_id}": INVITED_BY_ONE})
    count_guess({f"inviting to {organization_id}": INVITED_BY_ALL})


def limits_of_invited(email: str, organization_id: int) -> Mapping[str, str]:
    """Return how often an organization may have an address invited.

    Others have counts of their own: whom they invite is not to be learned here.
    """
    return {f"invited to {organization_id} {known_as(email)}": MAILS_PER_EMAIL}


def count_guess(limits: Mapping[str, str]) -> None:
    """Count a guess by each who; raise `TooManyRequests` if it is one too many."""
    guesses: Guesses = current_app.extensions["guesses"]
    seconds = guesses.spend(limits)
    if seconds is not None:
        raise TooManyRequests(retry_after=seconds)


def take_back(limits: Mapping[str, str]) -> None:
    """Count a guess no more: it was right."""
    guesses: Guesses = current_app.extensions["guesses"]
    guesses.give_back(limits)


def _slowed(
    view: View, limits: Callable[[], Mapping[str, str]], *, gives_back: bool = True
) -> View:
    @wraps(view)
    def answer(**arguments: Any) -> Response:
        # Each view by itself: who guesses at links keeps nobody beside them from signing in.
        counted = {f"{request.endpoint} {who}": rates for who, rates in limits().items()}
        count_guess(counted)
        response = make_response(view(**arguments))
        if gives_back and response.status_code < 400 and not g.get("was_wrong"):
            take_back(counted)
        return response

    return cast(View, answer)


def _address() -> str:
    return _device() or _caller()


def _caller() -> str:
    return f"address {who_is_at(request.remote_addr)}"


def _email() -> str:
    return _device() or f"e-mail {_typed_email()}"


def _typed_email() -> str:
    return known_as(request.form.get("email", "")[:254])


def _device() -> str | None:
    """Return the name of this browser where who is typed in signed in before; None elsewhere."""
    try:
        email, name = _devices().loads(request.cookies.get(DEVICE, ""))
    except (BadData, TypeError, ValueError):
        return None
    return f"device {name}" if email == _typed_email() else None


def _devices() -> URLSafeSerializer:
    return URLSafeSerializer(signing_keys(), salt="a known device")
