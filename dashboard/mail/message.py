"""A mail as it is sent: plain text, the same as HTML, and the headers of a machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any

from dashboard.email_address import as_sent
from dashboard.mail.models import Mail


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says, and to whom. `name` is the same each time it is sent.

    `leave_at` is the address at which whoever gets it turns off such mails, if they can. `told` is
    what it was made of, where that is kept.
    """

    to: str
    subject: str
    text: str
    html: str
    name: str
    leave_at: str | None = None
    told: dict[str, Any] | None = None


def name_of(mail: Mail) -> str:
    """Return the name of a mail, the same at every attempt to send it."""
    return f"{mail.kind}-{mail.id}-{mail.created_at:%Y%m%d%H%M%S}"


def message_of(letter: Letter, *, sender: str, now: datetime) -> EmailMessage:
    """Return `letter` as a message from `sender`.

    The library refuses a line break in any header.
    """
    message = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    message["From"] = _mailbox(address, name)
    message["To"] = _mailbox(letter.to)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now)
    # By it a mailbox knows the second copy of one whose acceptance got lost.
    message["Message-ID"] = f"<{letter.name}@{domain_of(sender)}>"
    # Answers of absent people and their machines would reach nobody.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if letter.leave_at is not None:
        # A mail program shows a button of its own, which asks for the address by POST (RFC 8058).
        message["List-Unsubscribe"] = f"<{letter.leave_at}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _mailbox(address: str, name: str = "") -> Address:
    # In two parts: the library reads no whole address with other letters than ASCII.
    local, _, domain = as_sent(address).rpartition("@")
    return Address(name, username=local, domain=domain)


def domain_of(sender: str) -> str:
    """Return what follows the @ in an address, with or without a name before it."""
    return as_sent(parseaddr(sender)[1]).rpartition("@")[2]
