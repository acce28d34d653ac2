"""Invitations to an organization: made, renewed and withdrawn by its owners.

The link goes to the address and to nobody else: who invites could take the address for their own.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.members import invite_member, renew_invitation, withdraw_invitation
from dashboard.accounts.models import Invitation
from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.errors import BillingError, Conflict
from dashboard.forms.members import MemberInvitationForm
from dashboard.forms.refused import show_refusal
from dashboard.mail.outbox import mail_invitation
from dashboard.organizations.lookup import organization_by_slug
from dashboard.views.access import current_actor, reader
from dashboard.views.formatting import instant
from dashboard.views.members import list_page
from dashboard.views.throttle import count_guess, count_inviting, limits_of_invited
from jobs.mails import is_mail_on, send_mails

bp = Blueprint(
    "member_invitations", __name__, url_prefix="/organizations/<slug>/members/invitations"
)


@bp.post("")
@permission("members.manage")
def create(slug: str) -> ResponseReturnValue:
    """Invite somebody by mail."""
    organization, form = organization_by_slug(slug), MemberInvitationForm()
    if not form.validate_on_submit():
        return list_page(organization, form), 422
    _count(organization.id)
    email, role = str(form.email.data), str(form.member_role.data)
    try:
        invitation = invite_member(
            organization.id, email, role, actor=current_actor(), now=utc_now()
        )
    except BillingError as error:
        show_refusal(form, error, otherwise="email")
        return list_page(organization, form), 422
    return _sent(slug, invitation)


@bp.post("/<int:invitation_id>/renewals")
@permission("members.manage")
def renew(slug: str, invitation_id: int) -> ResponseReturnValue:
    """Mail a new link in place of one that ends, or has ended."""
    organization = organization_by_slug(slug)
    _count(organization.id)
    invitation = renew_invitation(
        organization.id, invitation_id, actor=current_actor(), now=utc_now()
    )
    return _sent(slug, invitation)


@bp.post("/<int:invitation_id>/withdrawals")
@permission("members.manage")
def end(slug: str, invitation_id: int) -> ResponseReturnValue:
    """Withdraw an invitation: its link opens nothing any more."""
    organization, actor = organization_by_slug(slug), current_actor()
    withdrawn = withdraw_invitation(organization.id, invitation_id, actor=actor, now=utc_now())
    flash(f"The invitation for {withdrawn.email} is withdrawn.")
    return redirect(url_for("members.index", slug=slug), code=303)


def _count(organization_id: int) -> None:
    """Raise `Conflict` where nothing can be sent, `TooManyRequests` where too much was."""
    if not is_mail_on():
        raise Conflict(
            "E-mail is off here, so no invitation was made. Ask an admin: they can create a link."
        )
    count_inviting(reader().id, organization_id)


def _sent(slug: str, invitation: Invitation) -> ResponseReturnValue:
    count_guess(limits_of_invited(invitation.email, int(invitation.organization_id or 0)))
    mail_invitation(invitation, now=utc_now())
    send_mails.enqueue()
    ends = instant(invitation.expires_at)
    flash(f"An invitation to {invitation.email} is on its way. Its link works once, until {ends}.")
    return redirect(url_for("members.index", slug=slug), code=303)
