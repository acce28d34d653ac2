"""Mail servers on loopback: a real one, and some that behave badly."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email.message import EmailMessage
from threading import Thread

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from flask import Flask

from dashboard.settings.mail import MailServer

USER, PASSWORD = "billing", "a password of the tests"


class Mailbox:
    """Takes every message, or answers a command as it is told to."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.answers: dict[str, str] = {}
        self.sessions: list[Session] = []

    async def handle_MAIL(  # noqa: N802  aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer the sender's address."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        """Answer the receiver's address."""
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Answer the message itself."""
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("250"):
            self.envelopes.append(envelope)
            self.sessions.append(session)
        return answer

    async def handle_QUIT(self, _server: SMTP, _session: Session, _: Envelope) -> str:  # noqa: N802
        """Answer the goodbye."""
        return self.answers.get("QUIT", "221 Bye")


@contextmanager
def mail_server(
    mailbox: Mailbox,
    *,
    context: ssl.SSLContext | None = None,
    wants_password: bool = False,
    is_ascii: bool = False,
) -> Iterator[MailServer]:
    """Serve `mailbox`; with a context STARTTLS is offered, with a password it is wanted.

    `is_ascii`: it knows no addresses of other letters.
    """

    def check(*asked: object) -> AuthResult:
        told = asked[-1]
        is_right = isinstance(told, LoginPassword) and told.password == PASSWORD.encode()
        return AuthResult(success=is_right)

    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=context,
        require_starttls=context is not None,
        authenticator=check if wants_password else None,
        auth_require_tls=False,
        enable_SMTPUTF8=not is_ascii,
    )
    controller.start()
    try:
        yield MailServer("127.0.0.1", controller.port, "starttls" if context else "none")
    finally:
        controller.stop()


@contextmanager
def odd_server(talk: Callable[[socket.socket], None]) -> Iterator[MailServer]:
    """Serve one connection by `talk`."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]

        def serve() -> None:
            try:
                connection, _ = listening.accept()
            except OSError:  # nobody came
                return
            with connection:
                talk(connection)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield MailServer("127.0.0.1", port, "none")
        listening.close()
        thread.join(5)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        return int(listening.getsockname()[1])


class Kept:
    """A transport that keeps messages, or refuses them as it is told to."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refusal: BaseException | None = None

    def send(self, message: EmailMessage) -> None:
        """Keep the message, or raise what was set."""
        if self.refusal is not None:
            raise self.refusal
        self.messages.append(message)


def text_of(message: EmailMessage) -> str:
    """Return the plain text of a message."""
    body = message.get_body(("plain",))
    assert body is not None
    return body.get_content()


def link_in(message: EmailMessage) -> str:
    """Return the one link of a message; both its halves hold it."""
    [found] = [line for line in text_of(message).splitlines() if line.startswith("http")]
    page = message.get_body(("html",))
    assert page is not None
    assert found.replace("&", "&amp;") in page.get_content()
    return found


@pytest.fixture
def post(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """Mails are on, and kept."""
    kept = Kept()
    monkeypatch.setitem(app.extensions, "mail", kept)
    monkeypatch.setattr(app.extensions["config"], "mail_from", "billing@acme.com")
    return kept
