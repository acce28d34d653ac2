"""What may be sent to decide on a void invoice."""

from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length

from dashboard.billing.void_decide import DECISIONS
from dashboard.errors import Stale
from dashboard.forms.amounts import read_cents
from dashboard.forms.base import Form
from dashboard.money import Money

CHOOSE = "Choose what to do with its amount."


class VoidDecisionForm(Form):
    """A decision, none of them chosen at first, with the reason that goes on record.

    `cents` is what the page showed; the verb refuses when it is another amount by now.
    """

    decision = RadioField(
        "What to do with its amount",
        [InputRequired(CHOOSE), AnyOf(tuple(DECISIONS), message=CHOOSE)],
        choices=[SelectChoice(one, one) for one in DECISIONS],
        # WTForms' own words for a wrong choice name nothing.
        validate_choice=False,
    )
    cents = HiddenField()
    reason = TextAreaField(
        "Reason", [DataRequired("Enter a reason. It is kept in the audit trail."), Length(max=1000)]
    )

    def seen(self, currency: str) -> Money:
        """Return the amount that was seen; raise `Stale` when the form did not carry it whole."""
        cents = read_cents(self.cents.data)
        if cents is None:
            raise Stale("Part of the form is missing. Nothing was changed. Reload the page.")
        return Money(cents, currency)
