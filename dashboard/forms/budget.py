"""What may be typed in to set a budget."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import InputRequired, Length

from dashboard.budgets.change import fingerprint
from dashboard.currencies import charge_step
from dashboard.forms.amounts import read_amount, written
from dashboard.forms.base import DAMAGED, Form
from dashboard.money import Money
from dashboard.organizations.models import Organization

# A budget of ten times the usual example reads like one.
EXAMPLE_CENTS = 250_000


class BudgetForm(Form):
    """What a cycle is meant to cost, in currency units."""

    amount = StringField("Amount for each cycle", [InputRequired("Enter an amount.")])
    # What the budget was when the form was shown: somebody else may have set another.
    seen = HiddenField(validators=[InputRequired(DAMAGED), Length(max=20, message=DAMAGED)])

    def __init__(self, organization: Organization, **kwargs: Any) -> None:
        currency, cents = organization.currency, organization.budget_cents
        kwargs.setdefault("amount", written(Money(cents, currency)) if cents else None)
        kwargs.setdefault("seen", fingerprint(organization))
        super().__init__(**kwargs)
        self.currency = currency
        step = charge_step(currency)
        self.example = written(Money(EXAMPLE_CENTS // step * step, currency))

    def validate_amount(self, field: StringField) -> None:
        """Refuse what is not a positive amount of the currency's precision."""
        read_amount(field.data or "", self.currency)

    def cents(self) -> int:
        """Return the amount in minor units; only after validation."""
        return read_amount(self.amount.data, self.currency).cents


class RemovalForm(Form):
    """That a budget is taken away, and which one was seen."""

    seen = HiddenField(validators=[InputRequired(DAMAGED), Length(max=20, message=DAMAGED)])


class MailsForm(Form):
    """What a member wants to be mailed."""

    budget = BooleanField("Budget alerts")
    unusual = BooleanField("Unusual usage")
