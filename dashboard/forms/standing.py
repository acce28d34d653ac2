"""What may be typed in about service standing: the rules, and a standing set by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from wtforms import HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from dashboard.forms.base import DAMAGED, Form
from dashboard.forms.day import InstantField
from dashboard.ids import HIGHEST_ID
from dashboard.settings.approvals import limits_in
from dashboard.standing.change import fingerprint
from dashboard.standing.models import ServiceStanding, StandingRules
from dashboard.standing.rules import MOST_DAYS, STANDINGS, Override, Rules, Standing

DAYS = NumberRange(0, MOST_DAYS, f"Enter whole days from 0 to {MOST_DAYS}, or nothing.")
MOST_AMOUNT = 10**12
CHOICES = [SelectChoice(one, one.capitalize()) for one in STANDINGS]


class RulesForm(Form):
    """After how many days, and above which amounts, organizations are warned and suspended."""

    warn_after_days = IntegerField("Warn after days past due", [Optional(), DAYS])
    suspend_after_days = IntegerField("Suspend after days past due", [Optional(), DAYS])
    minimums = StringField("Least amount past due", [Optional(), Length(max=500)])
    seen = HiddenField(validators=[InputRequired(DAMAGED), Length(max=20, message=DAMAGED)])

    def __init__(self, kept: StandingRules | None, **kwargs: Any) -> None:
        rules = kept.rules if kept else Rules()
        kwargs.setdefault("warn_after_days", rules.warn_after_days)
        kwargs.setdefault("suspend_after_days", rules.suspend_after_days)
        kwargs.setdefault("minimums", minimums_text(rules))
        kwargs.setdefault("seen", str(kept.revision if kept else 0))
        super().__init__(**kwargs)

    def validate_minimums(self, field: StringField) -> None:
        """Refuse what names no amounts."""
        try:
            limits = limits_in(field.data or "")
            if max([limits.others or 0, *limits.by_currency.values()]) > MOST_AMOUNT:
                raise ValueError
        except ValueError:
            raise ValidationError(
                "Enter amounts such as 20,jpy=3000: the first for every currency not named."
            ) from None

    def validate_suspend_after_days(self, field: IntegerField) -> None:
        """Refuse a suspension before the warning."""
        warn = self.warn_after_days.data
        if warn is not None and field.data is not None and field.data < warn:
            raise ValidationError("Enter at least as many days as for the warning.")

    def rules(self) -> Rules:
        """Return the rules; only after validation."""
        limits = limits_in(self.minimums.data or "")
        least = limits.others or Decimal(0)
        days = self.warn_after_days.data, self.suspend_after_days.data
        return Rules(*days, least, dict(limits.by_currency))

    def revision(self) -> int:
        """Return which rules were seen; one that is none is of no rules there ever were."""
        text = self.seen.data or ""
        is_number = text.isascii() and text.isdecimal()
        return int(text) if is_number and int(text) <= HIGHEST_ID else -1


class OverrideForm(Form):
    """A standing set by hand, until when and why."""

    standing = SelectField("Standing", choices=CHOICES)
    until = InstantField("Until (UTC)", [InputRequired("Enter when the rules decide again.")])
    reason = TextAreaField("Reason", [InputRequired("Enter a reason."), Length(max=1000)])
    seen = HiddenField(validators=[InputRequired(DAMAGED), Length(max=40, message=DAMAGED)])

    def __init__(self, kept: ServiceStanding | None, **kwargs: Any) -> None:
        override = kept.set_by_hand if kept else None
        kwargs.setdefault("seen", fingerprint(*override) if override else "none")
        super().__init__(**kwargs)

    def wanted(self) -> Override:
        """Return what is to hold until when; only after validation."""
        until: datetime = self.until.data
        return Override(cast(Standing, self.standing.data), until.replace(tzinfo=UTC))


class EndForm(Form):
    """That the rules decide again, and what was seen."""

    seen = HiddenField(validators=[InputRequired(DAMAGED), Length(max=40, message=DAMAGED)])


def minimums_text(rules: Rules) -> str:
    """Return the least amounts as people type them."""
    others = [f"{rules.minimum:f}"] if rules.minimum else []
    return ",".join([*others, *(f"{name}={one:f}" for name, one in rules.minimums.items())])
