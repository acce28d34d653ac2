"""Invitations: made, shown once and withdrawn by an admin, accepted by who was invited."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.acceptance import accept, hold_guest, join_by, why_not
from dashboard.accounts.invitations import (
    has_account,
    invitation_by_id,
    invitation_of,
    invitation_token,
    invite,
    withdraw,
)
from dashboard.accounts.models import Invitation
from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.errors import BillingError, Conflict, NotFound
from dashboard.forms.people import AcceptanceForm, InvitationForm, SecretForm
from dashboard.forms.refused import show_refusal
from dashboard.links import link, signing_keys
from dashboard.mail.outbox import mail_invitation
from dashboard.organizations.lookup import organization_by_slug, organizations_by_id
from dashboard.organizations.models import Organization
from dashboard.views.access import current_actor, reader
from dashboard.views.asking import known_reader
from dashboard.views.signing_in import begin_session
from dashboard.views.throttle import slow_down_guesses
from dashboard.views.ways_in import for_passwords
from jobs.mails import is_mail_on, send_mails

bp = Blueprint("invitations", __name__)


@bp.get("/invitations/new")
@permission("people.manage")
def new() -> ResponseReturnValue:
    """Show the form for an invitation."""
    return render_template("invitations/new.html", form=InvitationForm())


@bp.post("/invitations")
@permission("people.manage")
def create() -> ResponseReturnValue:
    """Invite somebody: the link is mailed where mail is on, and shown."""
    form = InvitationForm()
    if not form.validate_on_submit():
        return render_template("invitations/new.html", form=form), 422
    try:
        invitation = invite(
            form.email.data,
            form.role.data,
            organization_id=_organization_id(form),
            actor=current_actor(),
            now=utc_now(),
        )
    except BillingError as error:
        # Of the two, only an unknown organization is not found.
        is_unknown = isinstance(error, NotFound)
        show_refusal(form, error, otherwise="organization" if is_unknown else "email")
        return render_template("invitations/new.html", form=form), 422
    if is_mail_on():
        mail_invitation(invitation, now=utc_now())
        send_mails.enqueue()
    return _link_page(invitation, is_mailed=is_mail_on()), 201


@bp.get("/invitations/<int:invitation_id>/link")
@permission("people.manage")
def show_link(invitation_id: int) -> ResponseReturnValue:
    """Show the link of an invitation, to be handed over."""
    return _link_page(invitation_by_id(invitation_id), is_mailed=False)


@bp.post("/invitations/<int:invitation_id>/mails")
@permission("people.manage")
def send_again(invitation_id: int) -> ResponseReturnValue:
    """Mail an invitation once more."""
    invitation = invitation_by_id(invitation_id)
    if not is_mail_on():
        raise Conflict(
            "E-mail is off: MAIL_URL is none. No e-mail was sent. Send the link yourself."
        )
    mail_invitation(invitation, now=utc_now())
    send_mails.enqueue()
    flash(f"An e-mail to {invitation.email} is on its way.")
    return redirect(url_for("people.index"), code=303)


@bp.post("/invitations/<int:invitation_id>/withdrawals")
@permission("people.manage")
def end(invitation_id: int) -> ResponseReturnValue:
    """Withdraw an invitation: its link opens nothing any more."""
    invitation = invitation_by_id(invitation_id)
    withdraw(invitation, actor=current_actor(), now=utc_now())
    flash(f"The invitation for {invitation.email} is withdrawn.")
    return redirect(url_for("people.index"), code=303)


@bp.get("/invitation")
@permission("public")
@slow_down_guesses
def show() -> ResponseReturnValue:
    """Show who was invited the form for a name and a password; who can sign in, a button."""
    secret, who = request.args.get("secret", ""), known_reader()
    invitation = invitation_of(secret, signing_keys(), now=utc_now())
    if who is not None and (reason := why_not(invitation, who.email, who.role)):
        return render_template("invitations/not_yours.html", reason=reason), 409
    if invitation.organization_id is not None and has_account(invitation.email):
        return render_template(
            "invitations/join.html",
            form=SecretForm(formdata=None, secret=secret),
            invitation=invitation,
            organization=_organization_of(invitation),
        )
    form = AcceptanceForm(formdata=None, secret=secret)
    return render_template("invitations/show.html", form=form, invitation=invitation)


@bp.post("/invitation/memberships")
@permission("session.use")
@slow_down_guesses
def join() -> ResponseReturnValue:
    """Let who can sign in already see the organization that they were invited to."""
    form, user = SecretForm(), hold_guest(reader().id)
    invitation = invitation_of(form.secret.data or "", signing_keys(), now=utc_now())
    join_by(invitation, user, now=utc_now())
    organization = _organization_of(invitation)
    flash(f"You now have access to {organization.name}.")
    return redirect(url_for("organizations.show", slug=organization.slug), code=303)


@bp.post("/invitation")
@permission("public")
@for_passwords
@slow_down_guesses
def use() -> ResponseReturnValue:
    """Make who was invited a user, signed in."""
    form, now, who = AcceptanceForm(), utc_now(), known_reader()
    invitation = invitation_of(form.secret.data or "", signing_keys(), now=now)
    if who is not None and (reason := why_not(invitation, who.email, who.role)):
        return render_template("invitations/not_yours.html", reason=reason), 409
    if not form.validate_on_submit():
        return render_template("invitations/show.html", form=form, invitation=invitation), 422
    try:
        user = accept(invitation, form.name.data, form.password.data, now=now)
    except BillingError as error:
        show_refusal(form, error)
        return render_template("invitations/show.html", form=form, invitation=invitation), 422
    begin_session(user, "invitation")
    return redirect(url_for("home.show"), code=303)


def _link_page(invitation: Invitation, *, is_mailed: bool) -> str:
    address = link("invitations.show", invitation_token(invitation, signing_keys()))
    return render_template(
        "invitations/link.html", invitation=invitation, link=address, is_mailed=is_mailed
    )


def _organization_of(invitation: Invitation) -> Organization:
    [organization] = organizations_by_id([int(invitation.organization_id or 0)]).values()
    return organization


def _organization_id(form: InvitationForm) -> int | None:
    slug = form.organization_slug()
    return None if slug is None else organization_by_slug(slug).id
