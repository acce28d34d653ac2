"""Days and instants as people type them."""

from wtforms import DateField, DateTimeLocalField


class DayField(DateField):  # type: ignore[misc]  # WTForms ships no types
    """A day that says how it is written when it cannot be read.

    A browser's field of a day can show nothing else, so what is no day is only told in the error.
    """

    def _value(self) -> str:
        return self.data.strftime(self.format[0]) if self.data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the day; WTForms' own words name no example."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(
                f"“{self.label.text}” is not a day, such as 2026-04-30. It was ignored."
            ) from None


class InstantField(DateTimeLocalField):  # type: ignore[misc]  # WTForms ships no types
    """An instant in UTC, to the minute, that says how it is written when it cannot be read."""

    def __init__(self, label: str, validators: list[object], **kwargs: object) -> None:
        formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        super().__init__(label, validators, format=formats, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the instant; WTForms' own words name no example."""
        if not valuelist or not valuelist[0].strip():
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(
                f"“{self.label.text}” is not a time, such as 2026-04-30 14:00."
            ) from None
