"""Members of an organization: who sees its bill, changed by its owners; and leaving it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.factors.held import factors_of
from dashboard.accounts.members import (
    change_member,
    leave_organization,
    member_by_id,
    remove_member,
)
from dashboard.accounts.memberships import MEMBER_WORDS
from dashboard.accounts.models import Membership
from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.forms.members import MemberInvitationForm, MemberRoleForm
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.reading.members import members_page
from dashboard.views.access import current_actor, reader
from dashboard.views.listing import name_kind
from jobs.mails import is_mail_on

bp = Blueprint("members", __name__, url_prefix="/organizations/<slug>/members")
MEMBERS = name_kind("members.index", "member", "members")


@bp.get("")
@permission("organization.view")
def index(slug: str) -> ResponseReturnValue:
    """List who sees the bill, and who is invited to."""
    return list_page(organization_by_slug(slug), MemberInvitationForm(formdata=None))


@bp.get("/<int:membership_id>")
@permission("members.manage")
def show(slug: str, membership_id: int) -> ResponseReturnValue:
    """Show one member and what may be changed of them."""
    organization = organization_by_slug(slug)
    member = member_by_id(organization.id, membership_id)
    form = MemberRoleForm(formdata=None, member_role=member.role)
    return _page(organization, member, form)


@bp.post("/<int:membership_id>/role")
@permission("members.manage")
def change(slug: str, membership_id: int) -> ResponseReturnValue:
    """Let a member hold another role."""
    organization, form = organization_by_slug(slug), MemberRoleForm()
    if not form.validate_on_submit():
        return _page(organization, member_by_id(organization.id, membership_id), form), 422
    role = str(form.member_role.data)
    member = change_member(
        organization.id, membership_id, role, actor=current_actor(), now=utc_now()
    )
    flash(f"{member.user.name} now has the role {MEMBER_WORDS[role]}.")
    return redirect(url_for("members.index", slug=slug), code=303)


@bp.post("/<int:membership_id>/removals")
@permission("members.manage")
def remove(slug: str, membership_id: int) -> ResponseReturnValue:
    """Take the organization from a member."""
    organization, actor = organization_by_slug(slug), current_actor()
    removed = remove_member(organization.id, membership_id, actor=actor, now=utc_now())
    if removed.id == reader().id:
        return _left(organization)
    flash(f"{removed.name} no longer has access to {organization.name}.")
    return redirect(url_for("members.index", slug=slug), code=303)


@bp.get("/departures/new")
@permission("membership.leave")
def confirm(slug: str) -> ResponseReturnValue:
    """Say what ends before a member leaves."""
    return render_template("members/leave.html", organization=organization_by_slug(slug))


@bp.post("/departures")
@permission("membership.leave")
def leave(slug: str) -> ResponseReturnValue:
    """End one's own membership."""
    organization = organization_by_slug(slug)
    leave_organization(organization.id, actor=current_actor(), now=utc_now())
    return _left(organization)


def list_page(organization: Organization, form: MemberInvitationForm) -> str:
    """Return the page of all members, with the form for an invitation as it stands."""
    asked = MEMBERS.asked()
    page = members_page(organization.id, asked)
    return render_template(
        "members/index.html",
        organization=organization,
        page=page,
        members=MEMBERS.listing(page.members, asked.sort, slug=organization.slug),
        form=form,
        is_mail_on=is_mail_on(),
    )


def _page(organization: Organization, member: Membership, form: MemberRoleForm) -> str:
    return render_template(
        "members/show.html",
        organization=organization,
        member=member,
        form=form,
        has_factor=bool(factors_of(member.user_id)),
    )


def _left(organization: Organization) -> ResponseReturnValue:
    flash(f"You no longer have access to {organization.name}.")
    return redirect(url_for("home.show"), code=303)
