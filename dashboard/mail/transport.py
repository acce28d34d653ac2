"""How a message leaves: to an SMTP server, or as a file in a folder."""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from dashboard.mail.message import domain_of
from dashboard.settings.mail import MailFolder, MailServer, MailSettings
from dashboard.text import shown

# For connecting, and for each answer of the server.
PATIENCE_SECONDS = 10.0
LONGEST_ANSWER = 200


class NotTaken(Exception):
    """The message was not taken; the reason is for an admin to read.

    `for_good`: it would not be taken later either. `is_server`: nor would any other message now.
    `is_address`: nor any other message to the same address.
    """

    def __init__(
        self,
        reason: str,
        *,
        for_good: bool = False,
        is_server: bool = False,
        is_address: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason, self.for_good, self.is_server = reason, for_good, is_server
        self.is_address = is_address


class Transport(Protocol):
    """Where messages go."""

    def send(self, message: EmailMessage) -> None:
        """Hand the message over; raises `NotTaken`."""


def transport_of(settings: MailSettings) -> Transport | None:
    """Return where mails go by these settings; None for nowhere."""
    target = settings.mail_target
    if isinstance(target, MailServer):
        return Smtp(target, domain_of(str(settings.mail_from)))
    return Folder(target) if target else None


class Folder:
    """Writes each message to a file that only we can read."""

    def __init__(self, folder: MailFolder) -> None:
        self.path = folder.path

    def send(self, message: EmailMessage) -> None:
        """Write the message; a second one of the same name takes the place of the first."""
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self.path / f"{name}.eml", message.as_bytes())
        except OSError as error:
            reason = f"The folder {self.path} cannot be written to: {error.strerror}."
            raise NotTaken(reason, is_server=True) from error


class Smtp:
    """Speaks to an SMTP server, with a connection for each message."""

    def __init__(self, server: MailServer, own_name: str) -> None:
        # The name we greet with: looking for this machine's own may take seconds.
        self.server, self.own_name = server, own_name

    def send(self, message: EmailMessage) -> None:
        """Have the server take the message."""
        try:
            self._send(message)
        except smtplib.SMTPRecipientsRefused as error:
            refusal = _refused(*next(iter(error.recipients.values())))
            refusal.is_address = refusal.for_good and is_unknown(refusal.reason)
            raise refusal from error
        except smtplib.SMTPDataError as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (OSError, ValueError) as error:  # of which smtplib's own are
            where = f"{self.server.host}:{self.server.port}"
            why = shown(why_not(error), most=LONGEST_ANSWER)
            reason = f"The mail server {where} cannot be used: {why}."
            raise NotTaken(reason, is_server=True) from error

    def _send(self, message: EmailMessage) -> None:
        connection = self._connection()
        try:
            self._begin(connection)
            _hand_over(connection, message)
            # It is taken: what becomes of saying goodbye changes nothing.
            with suppress(OSError):
                connection.quit()
        finally:
            connection.close()

    def _connection(self) -> smtplib.SMTP:
        where, greeted = (self.server.host, self.server.port), self.own_name
        if self.server.encryption != "tls":
            return smtplib.SMTP(*where, greeted, timeout=PATIENCE_SECONDS)
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(*where, greeted, timeout=PATIENCE_SECONDS, context=context)

    def _begin(self, connection: smtplib.SMTP) -> None:
        if self.server.encryption == "starttls":
            connection.starttls(context=ssl.create_default_context())
        if self.server.user is None:
            return
        try:
            connection.login(self.server.user, self.server.password or "")
        except smtplib.SMTPServerDisconnected as error:
            # The library goes on to the next method where the first was refused.
            raise OSError("it closed the connection at sign-in") from error


def _hand_over(connection: smtplib.SMTP, message: EmailMessage) -> None:
    """Send the message; raises `NotTaken` where the server knows no such addresses (SMTPUTF8)."""
    try:
        connection.send_message(message)
    except smtplib.SMTPNotSupportedError as error:
        # That of the sender is in every message.
        is_ours = not message["From"].addresses[0].addr_spec.isascii()
        raise NotTaken(
            "The mail server does not accept letters beyond ASCII before the @ of an address.",
            for_good=not is_ours,
            is_server=is_ours,
        ) from error


def why_not(error: Exception) -> str:
    """Return in words why a server could not be spoken with."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _told(error.smtp_code, error.smtp_error)
    # The library calls silence a disconnection too.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return f"it did not answer within {PATIENCE_SECONDS:.0f} s"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "it closed the connection"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)


def _refused(code: int, answer: bytes | str) -> NotTaken:
    """Return the refusal of one message or address, which others need not share.

    4xx is for now (a full mailbox, an unknown sender that is to try again), 5xx for good, but for
    what the server holds against us: that is mended there, and true of every mail. 421 is its last
    word on this connection.
    """
    reason = f"The mail server refused it: {_told(code, answer)}."
    is_policy = code >= 500 and is_against_us(reason)
    return NotTaken(
        reason, for_good=code >= 500 and not is_policy, is_server=code == 421 or is_policy
    )


def is_against_us(answer: str) -> bool:
    """Whether a refusal is of us as a sender: no relaying, or not whom we say (RFC 7372)."""
    status = _STATUS.search(answer)
    return "relay" in answer.lower() or (status is not None and status[1] in _OF_THE_SENDER)


def is_unknown(answer: str) -> bool:
    """Whether a refusal for good says of an address that nobody is there (RFC 3463).

    Not that this server does not relay for us, or dislikes us: that is true of every address.
    """
    status = _STATUS.search(answer)
    if status is not None:
        return status[1] in _OF_AN_ADDRESS
    return "relay" not in answer.lower() and re.search(r"\b55[013]\b", answer) is not None


# That there is no such mailbox or domain, that it moved, or that it takes no mail.
_OF_AN_ADDRESS = ("1.1", "1.2", "1.3", "1.6", "1.10", "2.1")
_OF_THE_SENDER = tuple(f"7.{number}" for number in range(20, 28))
_STATUS = re.compile(r"\b5\.(\d{1,3}\.\d{1,3})\b")


def _told(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return shown(f"{code} {text}".strip(), most=LONGEST_ANSWER)


def _write(path: Path, content: bytes) -> None:
    half = path.with_suffix(".half")
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    half.rename(path)
