"""What may be typed in to change an organization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import HiddenField, IntegerField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, NumberRange, Optional

from dashboard.forms.base import DAMAGED, Form
from dashboard.organizations.change import MOST_DAYS, fingerprint
from dashboard.organizations.models import Organization

CHOOSE = "Choose how its invoices are paid."


class OrganizationForm(Form):
    """Who is billed and how; tags are separated by commas."""

    name = StringField("Name", [DataRequired("Enter a name."), Length(max=200)])
    email = StringField("Billing e-mail", [DataRequired("Enter an address."), Length(max=254)])
    collection_method = RadioField(
        "Payment",
        [InputRequired(CHOOSE), AnyOf(("charge_automatically", "send_invoice"), message=CHOOSE)],
        choices=[
            SelectChoice("charge_automatically", "Charged automatically"),
            SelectChoice("send_invoice", "By invoice"),
        ],
        validate_choice=False,
    )
    days_until_due = IntegerField(
        "Days until an invoice is due",
        [Optional(), NumberRange(0, MOST_DAYS, f"Enter 0 to {MOST_DAYS} days.")],
    )
    tags = StringField("Tags", [Length(max=1000)])
    # What the details said when the form was shown: somebody else may have changed them since.
    seen = HiddenField(validators=[InputRequired(DAMAGED), Length(max=64, message=DAMAGED)])

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Check the fields; a sent invoice needs its days, those of a charged one are dropped."""
        is_valid, days = super().validate(extra_validators), self.days_until_due
        if self.collection_method.data != "send_invoice" or days.data is not None or days.errors:
            return is_valid
        days.errors = ["Enter the days until an invoice is due."]
        return False

    @classmethod
    def showing(cls, organization: Organization) -> OrganizationForm:
        """Return the form filled with what the details say now."""
        return cls(
            formdata=None,
            name=organization.name,
            email=organization.email,
            collection_method=organization.collection_method,
            days_until_due=organization.days_until_due,
            tags=", ".join(organization.tags),
            seen=fingerprint(organization),
        )

    def wanted(self) -> dict[str, Any]:
        """Return what is asked for; only after validation."""
        is_sent = self.collection_method.data == "send_invoice"
        return {
            "name": self.name.data.strip(),
            "email": self.email.data.strip(),
            "collection_method": self.collection_method.data,
            "days_until_due": self.days_until_due.data if is_sent else None,
            "tags": (self.tags.data or "").split(","),
        }
