"""What the audit trail can be narrowed to."""

from wtforms import StringField
from wtforms.validators import Length, Optional

from dashboard.audit.listing import AuditFilter
from dashboard.forms.base import Filter
from dashboard.forms.day import DayField


class AuditFilterForm(Filter):
    """Kind, organization, action, actor and a range of days, all in the address."""

    kind = StringField("Kind", [Optional(), Length(max=20)])

    organization = StringField("Organization", [Optional(), Length(max=63)])
    action = StringField("Action", [Optional(), Length(max=60)])
    actor = StringField("Actor", [Optional(), Length(max=100)])
    first = DayField("From", [Optional()])
    last = DayField("To", [Optional()])

    def wanted(self) -> AuditFilter:
        """Return what to keep; fields that cannot be read keep everything."""
        self.validate()
        return AuditFilter(
            slug=self.kept("organization"),
            action=self.kept("action"),
            actor=self.kept("actor"),
            first=self.kept("first"),
            last=self.kept("last"),
            kind=self.kept("kind"),
        )
