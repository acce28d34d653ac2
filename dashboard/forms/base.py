"""The base of every form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import g, request
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, StringField, TextAreaField
from wtforms.validators import StopValidation

from dashboard.text import printable, unprintable

# For fields that the reader neither sees nor fills in.
DAMAGED = "Part of the form is missing. Nothing was changed. Check it, then send it again."


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form that changes something; it carries the session's CSRF token.

    It is filled in with what was typed on this page before somebody had to sign in: the request's
    `typed`.
    """

    class Meta:
        """What Flask-WTF is told."""

        def wrap_formdata(self, form: Form, formdata: Any) -> Any:
            """Return what fills in the fields, None where they stay as they are made."""
            sent = super().wrap_formdata(form, formdata)  # type: ignore[misc]  # Flask-WTF's Meta
            typed = None if sent or request.method != "GET" else g.get("typed")
            return typed if typed and not form._fields.keys().isdisjoint(typed) else sent

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Check every field by its own rules, and all text for characters that do not show."""
        checks = {name: list(given) for name, given in (extra_validators or {}).items()}
        for field in self:
            if isinstance(field, StringField):
                checks.setdefault(field.short_name, []).append(_printable)
        return bool(super().validate(checks))

    @property
    def unseen_errors(self) -> list[str]:
        """What is wrong with hidden fields, each sentence once, for the head of the form."""
        hidden = [field for field in self if isinstance(field, HiddenField)]
        return list(dict.fromkeys(str(error) for field in hidden for error in field.errors))


class Filter(Form):
    """A form that only looks: sent by GET, its fields in the address, no token."""

    class Meta:
        """What Flask-WTF is told."""

        csrf = False

    def kept(self, name: str) -> Any:
        """Return what a field narrows a list to; None where it is empty or cannot be read."""
        field = self[name]
        data = field.data.strip() if isinstance(field.data, str) else field.data
        return None if field.errors else data or None


def _printable(_form: Form, field: Field) -> None:
    is_paragraphs = isinstance(field, TextAreaField)
    found = unprintable(field.data or "", paragraphs=is_paragraphs)
    if not found:
        return
    if isinstance(field, HiddenField):
        raise StopValidation(DAMAGED)
    # Nobody could find it in the form that is shown again.
    field.data = printable(field.data, paragraphs=is_paragraphs)
    raise StopValidation(
        f"A character that cannot be shown ({found}) was removed. Check the text, then send it "
        "again."
    )
