"""People who can sign in: an admin's list, and what is changed of one of them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts import people
from dashboard.accounts.factors.held import factors_of
from dashboard.accounts.invitations import MOST_LISTED, open_invitations
from dashboard.accounts.listing import WHO, count_people, list_people
from dashboard.accounts.models import User
from dashboard.accounts.permissions import permission
from dashboard.accounts.reset import reset_token
from dashboard.accounts.sessions import open_sessions
from dashboard.clock import utc_now
from dashboard.errors import BillingError
from dashboard.forms.people import MembershipForm, RoleForm
from dashboard.forms.refused import show_refusal
from dashboard.links import link, signing_keys
from dashboard.mail.outbox import mail_reset, newest_of, newest_to
from dashboard.organizations.lookup import organization_by_slug, organizations_by_id
from dashboard.views.access import current_actor
from dashboard.views.listing import Narrowed, name_kind
from dashboard.views.sessions import session_life
from dashboard.views.ways_in import for_passwords
from jobs.mails import is_mail_on, send_mails

bp = Blueprint("people", __name__, url_prefix="/people")
PEOPLE = name_kind("people.index", "person", "people", "q", "who")
WHO_TABS = ((None, "All"), *((one, one.capitalize()) for one in WHO))


@bp.get("")
@permission("people.manage")
def index() -> ResponseReturnValue:
    """List people by name, and who is invited."""
    text, who, asked = request.args.get("q", "").strip(), request.args.get("who"), PEOPLE.asked()
    listed, invited = list_people(text, asked, who=who), open_invitations()
    narrowed = [Narrowed(("q",), f"“{text}”")] if text else []
    narrowed += [Narrowed(("who",), who)] if who in WHO else []
    ids = {one.organization_id for person in listed.rows for one in person.memberships}
    ids |= {one.organization_id for one in invited if one.organization_id}
    return render_template(
        "people/index.html",
        people=PEOPLE.listing(listed, asked.sort, narrowed),
        tabs=WHO_TABS,
        counts=count_people(),
        text=text,
        invitations=invited,
        most_invited=MOST_LISTED,
        organizations=organizations_by_id(ids),
        mails=newest_of([one.id for one in invited]),
        is_mail_on=is_mail_on(),
        now=utc_now(),
    )


@bp.get("/<int:user_id>")
@permission("people.manage")
def show(user_id: int) -> ResponseReturnValue:
    """Show one person and what may be changed of them."""
    user = people.person_by_id(user_id)
    return _shown(user, RoleForm(formdata=None, role=user.role), MembershipForm(formdata=None))


@bp.post("/<int:user_id>/role")
@permission("people.manage")
def change_role(user_id: int) -> ResponseReturnValue:
    """Let a person hold another role."""
    user, form = people.person_by_id(user_id, lock=True), RoleForm()
    if not form.validate_on_submit():
        return _shown(user, form, MembershipForm(formdata=None)), 422
    people.change_role(user, form.role.data, actor=current_actor(), now=utc_now())
    flash(f"{user.name} is now {form.role.data}.")
    return _back_to(user)


@bp.post("/<int:user_id>/memberships")
@permission("people.manage")
def join(user_id: int) -> ResponseReturnValue:
    """Let a customer see one more organization."""
    user, form = people.person_by_id(user_id, lock=True), MembershipForm()
    role_form = RoleForm(formdata=None, role=user.role)
    if not form.validate_on_submit():
        return _shown(user, role_form, form), 422
    try:
        organization = organization_by_slug(form.organization.data.strip())
        role = str(form.member_role.data)
        people.join(user, organization.id, actor=current_actor(), now=utc_now(), role=role)
    except BillingError as error:
        show_refusal(form, error, otherwise="organization")
        return _shown(user, role_form, form), 422
    flash(f"{user.name} can now see {organization.name}.")
    return _back_to(user)


@bp.post("/<int:user_id>/memberships/<int:membership_id>/delete")
@permission("people.manage")
def leave(user_id: int, membership_id: int) -> ResponseReturnValue:
    """Take an organization from a customer."""
    user = people.person_by_id(user_id, lock=True)
    ended = people.leave(user, membership_id, actor=current_actor(), now=utc_now())
    [organization] = organizations_by_id([ended.organization_id]).values()
    flash(f"{user.name} can no longer see {organization.name}.")
    return _back_to(user)


@bp.get("/<int:user_id>/deactivations/new")
@permission("people.manage")
def confirm(user_id: int) -> ResponseReturnValue:
    """Say what ends with a person's access before it does."""
    user = people.person_by_id(user_id)
    return render_template("people/deactivate.html", person=user, tokens=people.tokens_of(user))


@bp.post("/<int:user_id>/deactivations")
@permission("people.manage")
def deactivate(user_id: int) -> ResponseReturnValue:
    """End a person's access."""
    user = people.person_by_id(user_id, lock=True)
    people.deactivate(user, actor=current_actor(), now=utc_now())
    flash(f"{user.name} is signed out everywhere and can no longer sign in.")
    return _back_to(user)


@bp.post("/<int:user_id>/activations")
@permission("people.manage")
def activate(user_id: int) -> ResponseReturnValue:
    """Let a person sign in again."""
    user = people.person_by_id(user_id, lock=True)
    people.activate(user, actor=current_actor(), now=utc_now())
    flash(f"{user.name} can sign in again.")
    return _back_to(user)


@bp.post("/<int:user_id>/reset-links")
@permission("people.manage")
@for_passwords
def make_reset_link(user_id: int) -> ResponseReturnValue:
    """Show a link by which a person sets a new password; it is mailed too where mail is on."""
    user, actor = people.person_by_id(user_id, lock=True), current_actor()
    secret = reset_token(user, signing_keys(), by=actor.id)
    people.note_reset_link(user, actor=actor, now=utc_now())
    if is_mail_on():
        mail_reset(user.email, made_by=actor.id, now=utc_now())
        send_mails.enqueue()
    return render_template(
        "people/reset_link.html",
        person=user,
        link=link("password.new", secret),
        is_mailed=is_mail_on(),
    )


def _shown(user: User, role_form: RoleForm, membership_form: MembershipForm) -> str:
    ids = [one.organization_id for one in user.memberships]
    return render_template(
        "people/show.html",
        person=user,
        role_form=role_form,
        membership_form=membership_form,
        mail=newest_to(user),
        factors=factors_of(user.id),
        organizations=organizations_by_id(ids),
        sessions=open_sessions(user.id, session_life(), now=utc_now()),
    )


def _back_to(user: User) -> ResponseReturnValue:
    return redirect(url_for("people.show", user_id=user.id), code=303)
