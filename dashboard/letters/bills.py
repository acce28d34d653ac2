"""A mail about a bill as it is sent: looked at once more, then written as text and as HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from flask import current_app

from dashboard.billing.policy import current_policy
from dashboard.extensions import current_config, db
from dashboard.letters import bill_words, clock_words
from dashboard.letters.facts import Bill, bill_of
from dashboard.letters.refusals import NotNeeded
from dashboard.letters.told import Told, one_line
from dashboard.links import link, signing_keys
from dashboard.mail.bills import is_billing_address, is_receiver
from dashboard.mail.kinds import BILL_KINDS
from dashboard.mail.message import Letter, name_of
from dashboard.mail.models import Mail, RefusedAddress
from dashboard.mail.opt_out import OptOut, opt_out_token
from dashboard.organizations.lookup import organizations_by_id

OFF = "E-mails about bills are turned off here (BILL_MAILS)."
WORDS: Mapping[str, Callable[[Bill], Told]] = {
    "invoice_ready": bill_words.invoice_ready,
    "receipt": bill_words.receipt,
    "payment_failed": bill_words.payment_failed,
    "action_required": bill_words.action_required,
    "reminder": clock_words.reminder,
    "credit_note": bill_words.credit_note,
}


def bill_letter(mail: Mail, now: datetime) -> Letter:
    """Return what is to be sent as `mail` now; raises `NotNeeded`."""
    may_be_sent(mail, now)
    return written(mail, told_now(mail, now))


def shown_letter(mail: Mail, *, now: datetime) -> Letter:
    """Return a mail as it was sent, or as it would be now; raises `NotNeeded`."""
    told = told_now(mail, now) if mail.told is None else Told.read(mail.told)
    return written(mail, told, is_sent=False)


def told_now(mail: Mail, now: datetime) -> Told:
    """Return what a mail tells as things stand; raises `NotNeeded` where that is nothing."""
    if mail.kind == "card_expiring":
        return clock_words.card_expiring(mail)
    return WORDS[mail.kind](bill_of(mail, now))


def may_be_sent(mail: Mail, now: datetime) -> None:
    """Raise `NotNeeded` where the mail is no news, unwanted, or its address was refused."""
    organization_id = int(mail.organization_id or 0)
    if not current_policy().mails_bills:
        raise NotNeeded(OFF)
    if mail.ends_at <= now:
        raise NotNeeded("No server accepted it within three days, so it is no longer news.")
    if not is_receiver(organization_id, mail.address, mail.kind):
        raise NotNeeded("The address was replaced, or these e-mails were turned off.")
    refused = db.session.get(RefusedAddress, mail.address)
    if refused is not None:
        raise NotNeeded(f"The address was refused before: {refused.reason}")


def written(mail: Mail, told: Told, *, is_sent: bool = True) -> Letter:
    """Return the letter that tells it to whom it is addressed.

    One that is only shown, to whomever it is not addressed to, has no link that answers for them.
    """
    organization_id, kind = int(mail.organization_id or 0), BILL_KINDS[mail.kind]
    is_billing = is_billing_address(organization_id, mail.address)
    leave_at = None
    if is_sent and not (kind.is_the_bill and is_billing):
        opt_out = OptOut(organization_id, mail.address, mail.kind)
        leave_at = link("mail_opt_outs.show", opt_out_token(opt_out, signing_keys()))
    around = {
        "told": told,
        "subject": told.subject,
        "name": one_line(organizations_by_id([organization_id])[organization_id].name),
        "is_billing": is_billing,
        "leave_at": leave_at,
        "seller": current_config().seller,
    }
    text, html = (
        current_app.jinja_env.get_template(f"mail/bill.{form}").render(**around)
        for form in ("txt", "html")
    )
    return Letter(
        to=mail.address,
        subject=told.subject,
        text=text,
        html=html,
        name=name_of(mail),
        leave_at=leave_at,
        told=told.as_kept(),
    )
