"""What may be typed in of the members of an organization."""

from __future__ import annotations

from wtforms import EmailField, RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, Length

from dashboard.accounts.memberships import MEMBER_WORDS
from dashboard.accounts.models import MEMBER_ROLES
from dashboard.forms.base import Form

MAY = {
    "owner": "sees and pays the bill, sets the budget, opens Stripe's portal, manages members",
    "billing": "sees and pays the bill, sets the budget, opens Stripe's portal",
    "reader": "sees the bill",
}


def role_field(default: str | None = None) -> RadioField:
    """Return the field for what a member may do."""
    return RadioField(
        "Role",
        [AnyOf(MEMBER_ROLES, message="Choose what they may do.")],
        choices=[SelectChoice(role, f"{MEMBER_WORDS[role]}: {may}") for role, may in MAY.items()],
        default=default,
        validate_choice=False,
    )


class MemberRoleForm(Form):
    """What somebody may do with the bill of an organization."""

    # Not `role`, which a form beside it may have.
    member_role = role_field()


class MemberInvitationForm(MemberRoleForm):
    """Whom to invite, and as what; nobody is an owner by oversight."""

    email = EmailField("E-mail", [DataRequired("Enter an e-mail address."), Length(max=254)])
