"""The base of every form."""

from flask_wtf import FlaskForm


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form that changes something; it carries the session's CSRF token."""


class Filter(Form):
    """A form that only looks: sent by GET, its fields in the address, no token."""

    class Meta:
        """What Flask-WTF is told."""

        csrf = False
