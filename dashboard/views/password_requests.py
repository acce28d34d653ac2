"""A link for who forgot their password, by mail; the answer never says whether they are known."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.email_address import email_address
from dashboard.errors import BillingError, Conflict
from dashboard.forms.people import ForgottenForm
from dashboard.forms.refused import show_refusal
from dashboard.mail.outbox import mail_reset
from dashboard.views.throttle import slow_down_mails
from dashboard.views.ways_in import for_passwords
from jobs.mails import is_mail_on, send_mails

bp = Blueprint("password_requests", __name__, url_prefix="/password-requests")


@bp.get("/new")
@permission("public")
@for_passwords
def new() -> ResponseReturnValue:
    """Show the form, or whom to ask where no mail can be sent."""
    return render_template(
        "password_requests/new.html", form=ForgottenForm(), is_mail_on=is_mail_on()
    )


@bp.post("")
@permission("public")
@for_passwords
@slow_down_mails
def create() -> ResponseReturnValue:
    """Have a link mailed to whoever signs in with an address.

    The worker looks whether anybody does: here an address that is nobody's takes as long.
    """
    if not is_mail_on():
        raise Conflict("This dashboard does not send e-mail. Ask an admin for a link.")
    form = ForgottenForm()
    if not form.validate_on_submit():
        return render_template("password_requests/new.html", form=form, is_mail_on=True), 422
    try:
        address = email_address(form.email.data)
    except BillingError as error:
        show_refusal(form, error)
        return render_template("password_requests/new.html", form=form, is_mail_on=True), 422
    mail_reset(address, now=utc_now())
    send_mails.enqueue()
    flash(f"If {address} has an account, an e-mail with a link is on its way.")
    return redirect(url_for("session.new"), code=303)
