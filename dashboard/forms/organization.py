"""What may be typed in to change an organization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, NumberRange, Optional

from dashboard.forms.base import DAMAGED, Form
from dashboard.organizations.address import EXEMPTIONS, MOST_OF
from dashboard.organizations.change import MOST_DAYS, fingerprint
from dashboard.organizations.countries import countries
from dashboard.organizations.models import Organization

CHOOSE = "Choose how its invoices are paid."
EXEMPTION_CHOICES = {
    "": "As in Stripe's dashboard",
    "none": "None",
    "exempt": "Exempt from tax",
    "reverse": "Reverse charge",
}


def _countries() -> list[SelectChoice]:
    named = [SelectChoice(code, name) for code, name in countries().items()]
    return [SelectChoice("", "None"), *named]


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
    line1 = StringField("Street and number", [Length(max=200)])
    line2 = StringField("Second line", [Length(max=200)])
    postal_code = StringField("Postal code", [Length(max=20)])
    city = StringField("City", [Length(max=100)])
    state = StringField("State or province", [Length(max=100)])
    country = SelectField("Country", choices=_countries, validate_choice=False)
    tax_exempt = SelectField(
        "Exemption from tax",
        [Optional(), AnyOf(EXEMPTIONS, message="Choose one of the list.")],
        choices=[SelectChoice(name, words) for name, words in EXEMPTION_CHOICES.items()],
        validate_choice=False,
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
            tax_exempt=organization.tax_exempt or "",
            **dict.fromkeys(MOST_OF, "") | (organization.address or {}),
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
            "address": {name: self[name].data for name in MOST_OF},
            "tax_exempt": self.tax_exempt.data or None,
        }
