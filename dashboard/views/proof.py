"""Signing in again: before people, tokens and large amounts are dealt with.

Whoever sits down at a desk that somebody left would do most harm with these. The request is
answered with a form that sends it again, together with a password, so that nothing has to be typed
twice and it works in a page, in the panel and without scripts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.accounts.factors.held import factors_of
from dashboard.accounts.identity import Identity
from dashboard.accounts.people import person_by_id
from dashboard.accounts.permissions import Permission
from dashboard.accounts.proof import ProofWanted, has_password, show_again
from dashboard.accounts.refusals import refuse_proof
from dashboard.callers import address_in
from dashboard.clock import utc_now
from dashboard.extensions import current_config
from dashboard.forms.sign_in import ProofForm
from dashboard.links import signing_keys
from dashboard.money import Money
from dashboard.transaction import commit
from dashboard.views.addresses import here
from dashboard.views.asking import known_reader
from dashboard.views.throttle import count_guess, limits_of_proof, take_back
from dashboard.views.typed import typed_fields
from dashboard.views.ways_in import passwords_are_on

PROOF = "proof"
SAFE = ("GET", "HEAD", "OPTIONS")
WRONG = "That is not your password or a code of yours. Nothing was changed."


def check_proof(who: Identity, needed: Permission) -> None:
    """Take the password that came with a request, and ask for one where its permission needs it.

    Raises `ProofWanted`.
    """
    if request.method in SAFE:
        return
    if PROOF in request.form:
        _take_proof(who, request.form[PROOF])
    if needed.is_proved:
        need_proof()


def need_proof() -> None:
    """Raise `ProofWanted` if the reader showed too long ago who they are."""
    who = known_reader()
    oldest = utc_now() - timedelta(seconds=current_config().confirm_after_seconds)
    if who is None or who.proved_at < oldest:
        raise ProofWanted("Nothing was changed. First confirm it is you.")


def need_proof_above(amount: Money) -> None:
    """Raise `ProofWanted` for more than the amount that is moved without."""
    if abs(amount.major) > current_config().confirm_above:
        need_proof()


def on_proof_wanted(error: ProofWanted) -> ResponseReturnValue:
    """Show the form that sends the request again, with a password."""
    form, what = ProofForm(formdata=None), _what_to_type()
    form.proof.label.text = what
    is_wrong = error.message == WRONG
    if is_wrong:
        form.proof.errors = [WRONG]
    page = render_template(
        "session/prove.html",
        form=form,
        what_to_type=what,
        address=here(),
        fields=typed_fields(),
        minutes=current_config().confirm_after_seconds // 60,
    )
    return page, 422 if is_wrong else 403


def _what_to_type() -> str | None:
    """Return what the reader may type in to show who they are; None for who goes to a provider."""
    who = known_reader()
    if who is None:
        return None
    has_app = factors_of(who.id).app_since is not None
    if passwords_are_on() and has_password(person_by_id(who.id)):
        return "Your password, or a code from your app" if has_app else "Your password"
    return "A code from your app" if has_app else None


def _take_proof(who: Identity, typed: str) -> None:
    limits, now = limits_of_proof(who.id), utc_now()
    count_guess(limits)
    user = person_by_id(who.id)
    is_shown = show_again(
        user,
        typed,
        who.session_id,
        keys=signing_keys(),
        by_password=passwords_are_on(),
        now=now,
    )
    if not is_shown:
        refuse_proof(user, address=address_in(request.remote_addr), now=now)
        commit()
        raise ProofWanted(WRONG)
    take_back(limits)
    # Whatever becomes of the request: the form may come back, and need not ask again.
    commit()
    g.reader = replace(who, proved_at=now)
