"""What the audit trail can be narrowed to."""

from wtforms import DateField, StringField
from wtforms.validators import Length, Optional

from dashboard.audit.listing import AuditFilter
from dashboard.forms.base import Filter


class DayField(DateField):  # type: ignore[misc]  # WTForms ships no types
    """A day that says how it is written when it cannot be read."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the day; WTForms' own words name no example."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(
                f"“{self.label.text}” is not a day, such as 2026-04-30; it is left out."
            ) from None


class AuditFilterForm(Filter):
    """Organization, action, actor and a range of days, all in the address."""

    organization = StringField("Organization", [Optional(), Length(max=63)])
    action = StringField("Action", [Optional(), Length(max=60)])
    actor = StringField("Actor", [Optional(), Length(max=100)])
    first = DayField("From", [Optional()])
    last = DayField("To", [Optional()])

    def wanted(self) -> AuditFilter:
        """Return what to keep; fields that cannot be read keep everything."""
        self.validate()
        return AuditFilter(
            slug=self._text("organization"),
            action=self._text("action"),
            actor=self._text("actor"),
            first=None if self.first.errors else self.first.data,
            last=None if self.last.errors else self.last.data,
        )

    def _text(self, name: str) -> str | None:
        field = self[name]
        return None if field.errors else (field.data or "").strip() or None
