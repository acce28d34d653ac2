"""A real SMTP server takes what we send; of one that does not, the reason is told."""

import socket
import ssl
import stat
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme

from dashboard.mail import transport
from dashboard.mail.message import Letter, message_of
from dashboard.mail.transport import Folder, NotTaken, Smtp
from dashboard.settings.mail import MailFolder, MailServer
from tests.support.mail import PASSWORD, USER, Mailbox, free_port, mail_server, odd_server, text_of

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
LETTER = Letter("ada@example.com", "An invitation", "Hello Ada\n", "<p>Hello Ada</p>", "mail-1")
SENDER = "Billing of Acme <billing@acme.com>"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ten seconds here."""
    monkeypatch.setattr(transport, "PATIENCE_SECONDS", 0.5)


def message() -> EmailMessage:
    """Return the letter as a message."""
    return message_of(LETTER, sender=SENDER, now=NOW)


def refusal_of(server: MailServer) -> NotTaken:
    """Try to send, and return why it was not taken."""
    with pytest.raises(NotTaken) as refused:
        Smtp(server, "acme.com").send(message())
    return refused.value


def test_a_server_takes_text_and_the_same_as_html() -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as server:
        Smtp(server, "acme.com").send(message())
    [envelope] = mailbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("billing@acme.com", ["ada@example.com"])
    arrived = message_from_bytes(envelope.original_content, policy=policy.default)
    assert arrived["From"] == SENDER
    assert arrived["Subject"] == "An invitation"
    assert arrived["Date"].datetime == NOW
    assert arrived["Message-ID"] == "<mail-1@acme.com>"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in arrived.iter_parts()] == ["text/plain", "text/html"]
    assert text_of(arrived).strip() == "Hello Ada"


@pytest.mark.parametrize(
    ("command", "answer", "for_good", "is_server"),
    [
        ("RCPT", "450 4.2.1 Try again later", False, False),
        ("RCPT", "550 5.1.1 No such user", True, False),
        ("RCPT", "421 4.7.0 Too many connections", False, True),
        ("DATA", "451 4.3.0 Try again later", False, False),
        ("DATA", "554 5.7.1 Looks like spam", True, False),
        ("DATA", "550 5.7.26 Unauthenticated mail is not accepted", False, True),
        ("RCPT", "554 5.7.1 Relay access denied", False, True),
        ("MAIL", "451 4.3.0 Try again later", False, True),
        ("MAIL", "550 5.7.1 Not your address", False, True),
    ],
)
def test_what_a_server_answers_is_told_and_ours_is_no_fault_of_an_address(
    command: str, answer: str, for_good: bool, is_server: bool
) -> None:
    mailbox = Mailbox()
    mailbox.answers[command] = answer
    with mail_server(mailbox) as server:
        refused = refusal_of(server)
    assert answer in refused.reason
    assert (refused.for_good, refused.is_server) == (for_good, is_server)


@pytest.mark.parametrize(
    ("to", "sender", "is_server"),
    [("josé@example.com", SENDER, False), ("ada@example.com", "Büro <büro@acme.com>", True)],
)
def test_an_address_that_a_server_cannot_write_holds_up_no_other(
    to: str, sender: str, is_server: bool
) -> None:
    letter = message_of(replace(LETTER, to=to), sender=sender, now=NOW)
    mailbox = Mailbox()
    with (
        mail_server(mailbox, is_ascii=True) as server,
        pytest.raises(NotTaken, match="beyond ASCII") as refused,
    ):
        Smtp(server, "acme.com").send(letter)
    assert (refused.value.is_server, refused.value.for_good) == (is_server, not is_server)


def test_a_domain_of_any_letters_reaches_every_server() -> None:
    letter = replace(LETTER, to="ada@exämple.com")
    mailbox = Mailbox()
    with mail_server(mailbox, is_ascii=True) as server:
        sent = message_of(letter, sender="Büro <billing@büro.com>", now=NOW)
        Smtp(server, "acme.com").send(sent)
    [envelope] = mailbox.envelopes
    assert envelope.rcpt_tos == ["ada@xn--exmple-cua.com"]
    assert envelope.mail_from == "billing@xn--bro-hoa.com"


def test_what_was_taken_stays_taken_whatever_the_goodbye() -> None:
    mailbox = Mailbox()
    mailbox.answers["QUIT"] = "500 What?"
    with mail_server(mailbox) as server:
        Smtp(server, "acme.com").send(message())
    assert len(mailbox.envelopes) == 1


def test_a_server_that_says_nothing_is_left() -> None:
    with odd_server(lambda connection: connection.recv(1)) as server:
        refused = refusal_of(server)
    assert "did not answer within" in refused.reason
    assert refused.is_server


def test_a_server_that_drops_the_connection_is_named() -> None:
    def hang_up(connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        connection.recv(100)

    with odd_server(hang_up) as server:
        refused = refusal_of(server)
    assert f"127.0.0.1:{server.port}" in refused.reason
    assert "closed the connection" in refused.reason
    assert refused.is_server


def test_a_server_that_speaks_something_else_is_left() -> None:
    with odd_server(
        lambda connection: connection.sendall(b"HTTP/1.1 400 \x00\x1b[31m\r\n")
    ) as server:
        refused = refusal_of(server)
    assert refused.is_server
    assert refused.reason.isprintable()


def test_where_nobody_listens_that_is_said() -> None:
    refused = refusal_of(MailServer("127.0.0.1", free_port(), "none"))
    assert "Connection refused" in refused.reason
    assert refused.is_server


def test_without_starttls_nothing_is_said_in_the_clear() -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as server:
        wanted = replace(server, encryption="starttls", user=USER, password=PASSWORD)
        refused = refusal_of(wanted)
    assert "STARTTLS" in refused.reason
    assert mailbox.envelopes == []


def test_a_certificate_of_somebody_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    mailbox = Mailbox()
    with mail_server(mailbox, context=context) as server:
        assert "CERTIFICATE_VERIFY_FAILED" in refusal_of(server).reason
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
        Smtp(server, "acme.com").send(message())
    assert mailbox.sessions[0].ssl is not None


def test_a_password_is_told_and_a_wrong_one_is_no_fault_of_an_address() -> None:
    mailbox = Mailbox()
    with mail_server(mailbox, wants_password=True) as server:
        Smtp(replace(server, user=USER, password=PASSWORD), "acme.com").send(message())
        refused = refusal_of(replace(server, user=USER, password="wrong"))
    assert [one.authenticated for one in mailbox.sessions] == [True]
    assert "at sign-in" in refused.reason
    assert "wrong" not in refused.reason
    assert (refused.for_good, refused.is_server) == (False, True)


@pytest.mark.parametrize("field", ["to", "subject"])
def test_a_line_break_in_a_header_is_refused(field: str) -> None:
    letter = replace(LETTER, **{field: "ada@example.com\r\nBcc: everybody@example.com"})
    with pytest.raises(ValueError, match=r"(?i)linefeed|newline|CR|LF"):
        message_of(letter, sender=SENDER, now=NOW)


def test_a_folder_keeps_a_file_for_each_that_only_we_can_read(tmp_path: Path) -> None:
    folder = Folder(MailFolder(tmp_path / "mails"))
    folder.send(message())
    folder.send(message())
    [path] = list((tmp_path / "mails").iterdir())
    assert path.name == "mail-1.eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (
        text_of(message_from_bytes(path.read_bytes(), policy=policy.default)).strip() == "Hello Ada"
    )


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotTaken, match="cannot be written") as refused:
        Folder(MailFolder(tmp_path / "file" / "mails")).send(message())
    assert refused.value.is_server
