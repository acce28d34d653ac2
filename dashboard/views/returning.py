"""Who has to sign in first, or sent an old form, comes back to the same place."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission_of
from dashboard.forms.sign_in import SignInForm
from dashboard.views.addresses import LONGEST, here, local_address
from dashboard.views.asking import known_reader
from dashboard.views.hypermedia import is_for_panel, is_htmx
from dashboard.views.typed import keep_typed, page_beneath, page_of_form, typed_now

TOO_OLD = "The page was open for longer than your session. Nothing was changed."


def ask_to_sign_in() -> ResponseReturnValue:
    """Lead to the sign-in form, which leads back; a form that was sent becomes part of it."""
    is_fragment = is_htmx() and not is_for_panel()
    if request.method != "GET" and not is_fragment:
        return _sign_in_with_form()
    # A poll has an address of its own, which is no page.
    wanted = page_beneath() if is_fragment else led_back(here())
    address = url_for("session.new", next=wanted)
    if is_htmx():
        return "", 401, {"HX-Redirect": address}
    return redirect(address, code=303)


def lead_to_page_beneath(status: int) -> ResponseReturnValue:
    """Answer a fragment with its whole page: that says what became of it."""
    address = page_beneath() or url_for("home.show")
    return "", status, {"HX-Redirect": address}


def led_back(address: str) -> str | None:
    """Return an address that one can be led back to; a longer one would be none of ours."""
    return address if len(address) <= LONGEST else None


def send_back() -> ResponseReturnValue | None:
    """Answer a form whose token has ended: its page again, as it was filled in.

    None where it may be of somebody else's making.
    """
    if request.endpoint == "session.create":
        form = SignInForm()
        form.next.data = local_address(form.next.data or "")
        return render_template("session/new.html", form=form, too_old=True), 400
    who, typed = known_reader(), typed_now()
    view = current_app.view_functions.get(str(request.endpoint))
    needed = permission_of(view)
    is_public = needed is not None and needed.is_public
    if who is None and not is_public:
        return ask_to_sign_in()
    if typed is None:
        return None
    flash(TOO_OLD, "error")
    if who is not None:
        keep_typed(who, typed)
    return redirect(typed.page, code=303)


def _sign_in_with_form() -> ResponseReturnValue:
    form, typed = SignInForm(formdata=None), typed_now()
    form.next.data = page_of_form()
    form.typed.data = typed.text if typed else None
    return render_template("session/new.html", form=form, ended=True), 401
