"""What the history of a bill's lines can be narrowed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from wtforms import HiddenField, SelectField
from wtforms.validators import Optional

from dashboard.forms.base import Filter
from dashboard.forms.day import DayField
from dashboard.ids import read_id


class HistoryFilterForm(Filter):
    """Product, cause, a range of days and one line, all in the address."""

    product = SelectField("Product", [Optional()], validate_choice=False)
    cause = SelectField("Cause", [Optional()], validate_choice=False)
    first = DayField("From", [Optional()])
    last = DayField("To", [Optional()])
    item = HiddenField("Line")

    def offer(self, products: Sequence[str], causes: Mapping[str, str]) -> None:
        """Let people choose among these; what the address says beside them stays chosen."""
        known = [*products]
        if self.product.data and self.product.data not in known:
            known.append(self.product.data)
        self.product.choices = [("", "All products"), *((one, one) for one in known)]
        self.cause.choices = [("", "All causes"), *causes.items()]

    def day(self, name: str) -> date | None:
        """Return a day; one that cannot be read keeps everything."""
        field = self[name]
        day: date | None = None if field.errors else field.data
        return day

    @property
    def item_id(self) -> int | None:
        """The one line whose history is wanted."""
        return read_id(self.item.data or "")
