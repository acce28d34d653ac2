"""What a person may have looked at again."""

from __future__ import annotations

from wtforms import HiddenField, StringField

from dashboard.errors import Invalid
from dashboard.forms.base import Form
from dashboard.invariants.invariant import Invariant
from dashboard.invariants.known import BY_NAME


class LookForm(Form):
    """The organization to look at, by its slug."""

    slug = StringField("Organization")

    def wanted(self) -> str:
        """Return the slug; raise `Invalid` without one."""
        slug = (self.slug.data or "").strip()
        if not slug:
            raise Invalid(
                "No organization is named. Nothing was looked at. Enter the slug, as in the "
                "address of its page.",
                field="slug",
            )
        return slug


class RoundForm(Form):
    """The invariant that all organizations are to be looked at for, by its name."""

    invariant = HiddenField()

    def wanted(self) -> Invariant:
        """Return the invariant; raise `Invalid` for what is none."""
        found = BY_NAME.get(self.invariant.data or "")
        if found is None or not found.sql:
            raise Invalid(
                "There is no check with that name that can be asked for. Nothing was looked at. "
                "Reload the page.",
                field="invariant",
            )
        return found
