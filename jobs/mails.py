"""Mails: sent one after the other by one worker at a time, so that a silent server holds up one."""

from __future__ import annotations

from time import monotonic

import structlog
from flask import current_app

from dashboard.accounts.people import who_signs_in_with
from dashboard.audit.actor import SYSTEM
from dashboard.audit.write import write_entry
from dashboard.billing.reminding import mail_expiring_cards, mail_reminders
from dashboard.clock import utc_now
from dashboard.config import Config
from dashboard.extensions import db
from dashboard.letters.refusals import Nobody, NotNeeded
from dashboard.letters.write import letter_of
from dashboard.mail.message import message_of
from dashboard.mail.models import Mail
from dashboard.mail.outbox import (
    end_late,
    forget_old,
    give_up,
    is_any_due,
    note_failure,
    note_sent,
    put_off,
    take_due,
)
from dashboard.mail.refused import note_refused
from dashboard.mail.transport import NotTaken, Transport
from dashboard.restores.held import is_held
from dashboard.transaction import checkpoint
from jobs.runtime import job

NOT_WRITTEN = "It could not be created. The log says why (mail_not_written)."
# Of its 300; the rest is for the one that is under way then.
SECONDS = 200
log = structlog.get_logger("jobs.mails")


@job(queue="mail", timeout=300, is_alone=True)
def send_mails() -> None:
    """Send what is due, until nothing is or the server takes no more.

    Before its time is up it leaves the rest to the next run: one that is ended while a server takes
    a mail cannot know that it did, and the mail would be sent twice.
    """
    transport: Transport | None = current_app.extensions["mail"]
    end_late(now=utc_now())
    checkpoint()
    ends = monotonic() + SECONDS
    while transport is not None and monotonic() < ends:
        mail = take_due(now=utc_now())
        if mail is None:
            break
        is_over = not send(mail, transport)
        checkpoint()
        if is_over:
            break


@job(queue="mail", timeout=60)
def send_due_mails() -> None:
    """Have sent what is due: new mails whose job was lost, and those to be tried again."""
    if is_any_due(now=utc_now()) and is_mail_on():
        send_mails.enqueue()


@job(queue="maintenance", timeout=300, is_alone=True)
def remind_of_bills() -> None:
    """Mail what only the clock can tell of: bills that are past due, and cards that expire.

    None while the ledger is held: what was paid meanwhile is not known yet.
    """
    if not is_mail_on() or is_held():
        return
    if mail_reminders(now=utc_now()) + mail_expiring_cards(now=utc_now()):
        send_mails.enqueue()


@job(queue="maintenance", timeout=60, is_alone=True)
def forget_mails() -> None:
    """Delete the mails that ended long ago."""
    forget_old(now=utc_now())


def is_mail_on() -> bool:
    """Whether mails can be sent at all."""
    return current_app.extensions["mail"] is not None


def send(mail: Mail, transport: Transport) -> bool:
    """Try to send one mail and note what became of it; False when others would fare as badly."""
    config: Config = current_app.extensions["config"]
    try:
        letter = letter_of(mail, now=utc_now())
        message = message_of(letter, sender=str(config.mail_from), now=utc_now())
    except Nobody:
        # Nothing is kept of an address that a stranger typed in.
        db.session.delete(mail)
        return True
    except NotNeeded as reason:
        give_up(mail, str(reason), now=utc_now())
        return True
    except Exception:  # it would be the first to be tried for ever, and no other ever would
        log.exception("mail_not_written", mail_id=mail.id)
        give_up(mail, NOT_WRITTEN, now=utc_now())
        return True
    # The try is noted before it begins, and no transaction is open while the server takes its time.
    checkpoint()
    try:
        transport.send(message)
    except NotTaken as failure:
        log.warning("mail_not_taken", mail_id=mail.id, reason=failure.reason)
        note_failure(mail, failure.reason, for_good=failure.for_good, now=utc_now())
        if failure.is_address and mail.occasion is not None:
            note_refused(mail.address, failure.reason, told_by="server", now=utc_now())
        if failure.is_server:
            put_off(mail, now=utc_now())
        return not failure.is_server
    note_sent(mail, now=utc_now())
    mail.told = letter.told
    put_on_record(mail)
    return True


def put_on_record(mail: Mail) -> None:
    """Put on record that somebody was sent a link for a password; an invitation is already."""
    user = who_signs_in_with(mail.address) if mail.kind == "reset" else None
    if user is not None:
        write_entry("person.reset_link_mailed", user, SYSTEM, {"email": user.email}, now=utc_now())
