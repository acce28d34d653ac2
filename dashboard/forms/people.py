"""What may be typed in of people: invitations, roles, memberships, passwords."""

from __future__ import annotations

from wtforms import EmailField, HiddenField, PasswordField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from dashboard.accounts.acceptance import LONGEST_NAME
from dashboard.accounts.passwords import LONGEST, SHORTEST
from dashboard.forms.base import DAMAGED, Form
from dashboard.forms.members import role_field

ROLE_CHOICES = (
    SelectChoice("customer", "Customer: sees the bills of their organizations"),
    SelectChoice("support", "Support: syncs, rolls cycles and corrects bills of all organizations"),
    SelectChoice("admin", "Admin: everything support does, and manages people and API tokens"),
)
AGAIN = "Enter the same password in both fields."


class RoleForm(Form):
    """What somebody may do."""

    role = RadioField("Role", [InputRequired("Choose a role.")], choices=list(ROLE_CHOICES))


class InvitationForm(RoleForm):
    """Whom to invite, and to what."""

    email = EmailField("E-mail", [DataRequired("Enter an address."), Length(max=254)])
    organization = StringField("Organization", [Optional(), Length(max=63)])

    def organization_slug(self) -> str | None:
        """Return the slug of the organization, None where none was entered."""
        return (self.organization.data or "").strip() or None


class MembershipForm(Form):
    """Which organization a customer may see from now on."""

    organization = StringField(
        "Organization", [DataRequired("Enter the slug of an organization."), Length(max=63)]
    )
    member_role = role_field("owner")


class PasswordForm(Form):
    """A new password, twice."""

    password = PasswordField(
        "New password",
        [InputRequired("Enter a password."), Length(max=LONGEST)],
        description=f"At least {SHORTEST} characters; several words are easy to remember.",
    )
    again = PasswordField("Repeat the password", [InputRequired(AGAIN), Length(max=LONGEST)])

    def validate_again(self, field: PasswordField) -> None:
        """Refuse two that differ: nobody sees what they typed."""
        if field.data != self.password.data:
            raise ValidationError(AGAIN)


class OwnPasswordForm(PasswordForm):
    """A new password in place of one that is known."""

    old_password = PasswordField(
        "Current password", [InputRequired("Enter your password."), Length(max=LONGEST)]
    )


class ForgottenForm(Form):
    """Who asks for a link to set a new password."""

    email = EmailField("E-mail", [DataRequired("Enter an address."), Length(max=254)])


class SecretForm(Form):
    """What a link opens."""

    secret = HiddenField(validators=[InputRequired(DAMAGED), Length(max=200, message=DAMAGED)])


class ResetForm(SecretForm, PasswordForm):
    """A new password by a link."""


class AcceptanceForm(ResetForm):
    """A name and a password of who was invited."""

    name = StringField("Your name", [DataRequired("Enter your name."), Length(max=LONGEST_NAME)])
