"""What may be typed in about a bill that waits for people, and about the limit of approval."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from dashboard.currencies import TAKEN
from dashboard.errors import Stale
from dashboard.forms.amounts import read_amount, read_cents
from dashboard.forms.base import DAMAGED, Form
from dashboard.ids import read_id
from dashboard.money import Money

KEPT = [InputRequired("Enter a reason. It is kept in the audit trail."), Length(max=1000)]
# As many bills as a rehearsal's page lists.
MOST_CHOSEN = 100


class LimitForm(Form):
    """Above which amount of a currency bills wait, for all or for one organization, and why."""

    currency = StringField("Currency", [InputRequired("Enter a currency."), Length(max=3)])
    amount = StringField("Amount", [InputRequired("Enter an amount."), Length(max=40)])
    organization = StringField("Organization", [Optional(), Length(max=100)])
    reason = TextAreaField("Reason", KEPT)

    def validate_currency(self, field: StringField) -> None:
        """Refuse what is no currency that we bill in."""
        if _currency(field.data) not in TAKEN:
            raise ValidationError("Enter a currency's three letters, such as usd.")

    def validate_amount(self, field: StringField) -> None:
        """Refuse what is not a positive amount of the currency's precision."""
        if _currency(self.currency.data) in TAKEN:
            read_amount(field.data or "", _currency(self.currency.data))

    def wanted(self) -> Money:
        """Return the limit; only after validation."""
        return read_amount(self.amount.data or "", _currency(self.currency.data))

    def slug(self) -> str | None:
        """Return whose it is; None for that of all."""
        return (self.organization.data or "").strip() or None


class EndLimitForm(Form):
    """Why a limit is taken away."""

    reason = TextAreaField("Reason", KEPT)

    def named(self, limit_id: int) -> EndLimitForm:
        """Give its field an id of its own: a page has one for each limit."""
        self.reason.id = f"reason-{limit_id}"
        return self


class ApprovalForm(Form):
    """That a bill may be issued at the total that was seen."""

    total = HiddenField(validators=[InputRequired(DAMAGED), Length(max=20, message=DAMAGED)])
    # The page has another form with a reason.
    reason = TextAreaField("Reason", KEPT, id="approval-reason")

    def seen(self) -> int:
        """Return the total that was seen, in minor units; raises `Stale` for what is none."""
        cents = read_cents(self.total.data)
        if cents is None:
            raise Stale("Part of the form is missing. Nothing was approved. Reload the page.")
        return cents


class HoldForm(Form):
    """Why a bill is held."""

    reason = TextAreaField("Hold it because", KEPT)


class ReleaseForm(Form):
    """Why a bill is released; may be left empty."""

    note = TextAreaField("Reason", [Optional(), Length(max=1000)])


def chosen_ids(sent: Sequence[str]) -> list[int]:
    """Return the ids of the bills that were checked, without those that are none."""
    found = {one for text in sent[:MOST_CHOSEN] if (one := read_id(text)) is not None}
    return sorted(found)


def _currency(typed: str | None) -> str:
    return (typed or "").strip().lower()
