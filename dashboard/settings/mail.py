"""Where mails go and whom they come from, out of MAIL_URL and MAIL_FROM."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import field_validator
from pydantic_settings import BaseSettings

from dashboard.settings.names import IS_HOST
from dashboard.text import unprintable

Encryption = Literal["tls", "starttls", "none"]
PORTS: dict[Encryption, int] = {"tls": 465, "starttls": 587, "none": 25}
FORMS = (
    "must be none, smtp://user:password@host:587, smtps://… or file:///a/folder, with the "
    "password percent-encoded"
)


@dataclass(frozen=True, slots=True)
class MailServer:
    """An SMTP server and how to speak to it."""

    host: str
    port: int
    encryption: Encryption
    user: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class MailFolder:
    """A folder that mails are written to, each as a file."""

    path: Path


class MailSettings(BaseSettings):
    """The settings of mail; without them links are handed over by who made them."""

    mail_url: str = "none"
    mail_from: str | None = None
    bill_mails: bool | None = None

    @field_validator("mail_url")
    @classmethod
    def _readable(cls, value: str) -> str:
        mail_target(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def _one_sender(cls, value: str | None) -> str | None:
        if value is None or is_sender(value):
            return value
        raise ValueError("must be an address, or Name <address>")

    @property
    def mail_target(self) -> MailServer | MailFolder | None:
        """Where mails go; None for nowhere."""
        return mail_target(self.mail_url)

    @property
    def mails_bills(self) -> bool:
        """Whether organizations are mailed their bills: where mails go somewhere, unless told."""
        return self.mail_target is not None and self.bill_mails is not False


def mail_target(url: str) -> MailServer | MailFolder | None:
    """Return what MAIL_URL names; raises ValueError for what cannot be read."""
    if url == "none":
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(FORMS) from None
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return MailFolder(Path(unquote(parts.path)))
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError(FORMS)
    if port == 0 or not IS_HOST(parts.hostname) or parts.fragment:
        raise ValueError(FORMS)
    if parts.username and not parts.password:
        raise ValueError("names a user but no password")
    encryption = _encryption(parts)
    if parts.username and encryption == "none" and not is_loopback(parts.hostname):
        raise ValueError("must not send a password without encryption: remove starttls=never")
    return MailServer(
        host=parts.hostname,
        port=PORTS[encryption] if port is None else port,
        encryption=encryption,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def is_sender(text: str) -> bool:
    """Whether mails may come from this: an address, with or without a name before it."""
    _, address = parseaddr(text)
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return False
    return unprintable(text) is None


def _encryption(parts: SplitResult) -> Encryption:
    options = parse_qs(parts.query, keep_blank_values=True)
    if options not in ({}, {"starttls": ["never"]}) or (options and parts.scheme == "smtps"):
        raise ValueError("has one option, ?starttls=never, and only for smtp://")
    if parts.scheme == "smtps":
        return "tls"
    # What stays on this machine needs none, and such servers seldom have a certificate.
    return "none" if options or is_loopback(str(parts.hostname)) else "starttls"


def is_loopback(host: str) -> bool:
    """Whether what is sent to `host` stays on this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
