"""A form that takes effect once, however often it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from wtforms import HiddenField
from wtforms.validators import InputRequired, Length, ValidationError

from dashboard.billing.adjust import OURS
from dashboard.forms.base import DAMAGED, Form


class OnceForm(Form):
    """A form that carries a key, made with it, by which its second sending is known."""

    key = HiddenField(
        validators=[InputRequired(DAMAGED), Length(max=64, message=DAMAGED)],
        default=lambda: str(uuid4()),
    )

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Check the fields; the form that is shown again has a good key."""
        is_valid = super().validate(extra_validators)
        if self.key.errors:
            self.key.data = str(uuid4())
        return is_valid

    def validate_key(self, field: HiddenField) -> None:
        """Refuse a name that only the product gives."""
        if (field.data or "").startswith(OURS):
            raise ValidationError(DAMAGED)
