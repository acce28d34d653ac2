"""What may be typed in about an organization's e-mails."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request
from wtforms import BooleanField, StringField
from wtforms.validators import Length

from dashboard.forms.base import Form
from dashboard.mail.kinds import BILL_KINDS


class MailSettingsForm(Form):
    """Whether bills are mailed, and the days past due on which a reminder is."""

    mails_bills = BooleanField("E-mail invoices and what becomes of them")
    reminder_days = StringField("Days past due", [Length(max=60)])


class ChoiceForm(Form):
    """The kinds that an address wants."""

    def wanted(self, kinds: Sequence[str]) -> dict[str, bool]:
        """Return for each of these kinds whether it is wanted."""
        chosen = set(request.form.getlist("kind"))
        return {kind: kind in chosen for kind in kinds if kind in BILL_KINDS}


class AgainForm(Form):
    """That a mail is sent again, or an address tried again."""
