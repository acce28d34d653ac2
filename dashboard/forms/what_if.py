"""What may be asked of a bill: bounded, in the address, with a field for each price on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from wtforms import IntegerField, SelectField
from wtforms.validators import NumberRange, Optional, ValidationError

from dashboard.forms.base import Filter
from dashboard.forms.day import DayField
from dashboard.what_if.wanted import (
    ALL_PERCENT,
    MOST_MORE,
    MOST_PERCENT,
    MOST_UNITS,
    Line,
    Wanted,
)

# An address holds fifty parts; three of them are the day and the price to add.
MOST_FIELDS = 40
MINUS = "\N{MINUS SIGN}"


class WholeField(IntegerField):  # type: ignore[misc]  # WTForms ships no types
    """A whole number that says so when it cannot be read."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number; nothing typed is no number, and a minus may be the printed one."""
        if not valuelist:
            # The address of a link names only what is different.
            return
        text = valuelist[0].strip().replace(MINUS, "-")
        self.data = None
        if not text:
            return
        if not text.removeprefix("-").isascii() or not text.removeprefix("-").isdigit():
            raise ValueError("Enter a whole number in digits.")
        self.data = int(text[:20])


class WhatIfForm(Filter):
    """From which day on, and a price to add; each price of the bill adds its own field."""

    since = DayField("From", [Optional()])
    add = SelectField("Add", [Optional()], validate_choice=False)
    count = WholeField("How many", [Optional(), NumberRange(0, MOST_UNITS)])

    first: date
    last: date
    lines: Sequence[Line]

    def validate_since(self, field: DayField) -> None:
        """Refuse days that are over, and those of later cycles."""
        if field.data and not self.first <= field.data <= self.last:
            raise ValidationError(
                f"Choose a day from {self.first:%-d %b} to {self.last:%-d %b}, in this cycle."
            )

    def validate_add(self, field: SelectField) -> None:
        """Refuse prices that are not offered."""
        if field.data and field.data not in dict(field.choices):
            raise ValidationError("Choose a price from the list.")

    def wanted(self, now: datetime) -> Wanted:
        """Return what is asked; only after validation."""
        day = self.since.data
        since = datetime.combine(day, time.min, UTC) if day else now
        asked = {line: self[name_of(line)].data for line in self.lines}
        added = {int(self.add.data): self.count.data or 0} if self.add.data else {}
        return Wanted(
            max(since, now),
            more={one.price_id: n for one, n in asked.items() if n and not one.is_usage} | added,
            percent={one.price_id: n for one, n in asked.items() if n is not None and one.is_usage},
            units=added,
        )

    @property
    def mistakes(self) -> list[str]:
        """What is wrong, each with the name of its field."""
        return [f"{field.label.text}: {error}" for field in self for error in field.errors]


def what_if_form(
    asked: Mapping[str, Any],
    lines: Sequence[Line],
    days: tuple[date, date],
    offered: Sequence[tuple[str, str]],
) -> WhatIfForm:
    """Return the form for these lines of a bill, the first day being chosen.

    `offered` are the prices that can be added: id and name.
    """
    shown = sorted(lines, key=lambda line: -max(line.before, 0))[:MOST_FIELDS]
    made = type("WhatIfFormOfBill", (WhatIfForm,), {name_of(one): field_of(one) for one in shown})
    form: WhatIfForm = made(asked)
    form.lines = shown
    form.first, form.last = days
    form.add.choices = [("", "Nothing else"), *offered]
    return form


def name_of(line: Line) -> str:
    """Return the name of the field of a price."""
    return f"{'use' if line.is_usage else 'more'}_{line.price_id}"


def field_of(line: Line) -> WholeField:
    """Return the field of a price: per cent of its usage, or how many more of a fee."""
    if line.is_usage:
        bounds = NumberRange(0, MOST_PERCENT, f"Enter 0 to {MOST_PERCENT} percent.")
        return WholeField(line.name, [Optional(), bounds], default=ALL_PERCENT)
    fewest = int(line.quantity_before)
    words = f"Enter {MINUS}{fewest} to {MOST_MORE}." if fewest else f"Enter 0 to {MOST_MORE}."
    return WholeField(line.name, [Optional(), NumberRange(-fewest, MOST_MORE, words)])
