"""What the demo mailed is shown as a mailbox would, and only where a folder is named."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dashboard.mail.message import Letter, message_of
from dashboard.mail.transport import Folder
from dashboard.settings.mail import MailFolder
from simulator.app import create_simulator

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
LINK = "http://localhost:8000/invitation?secret=a.b-c"


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    """A browser at a simulator that shows mails."""
    return create_simulator(mails=tmp_path / "mails").test_client()


def mail(folder: Path, name: str, subject: str, at: int) -> None:
    """Put a mail into the folder."""
    letter = Letter("ada@example.com", subject, f"Open <this>:\n\n{LINK}\n", "<p></p>", name)
    Folder(MailFolder(folder)).send(message_of(letter, sender="billing@example.com", now=NOW))
    os.utime(folder / f"{name}.eml", (at, at))


def test_before_the_first_mail_the_page_says_how_to_get_one(client: FlaskClient) -> None:
    assert "None yet" in client.get("/_simulator/mails").text


def test_mails_are_listed_newest_first_and_their_links_can_be_followed(
    client: FlaskClient, tmp_path: Path
) -> None:
    mail(tmp_path / "mails", "one", "An invitation", 1000)
    mail(tmp_path / "mails", "two", "A new password", 2000)
    listed = client.get("/_simulator/mails").text
    assert listed.index("A new password") < listed.index("An invitation")
    shown = client.get("/_simulator/mails/two").text
    assert f'href="{LINK}"' in shown
    assert "Open &lt;this&gt;" in shown
    assert "ada@example.com" in shown


def test_a_mail_is_shown_with_its_own_style_and_nothing_else(
    client: FlaskClient, tmp_path: Path
) -> None:
    mail(tmp_path / "mails", "one", "An invitation", 1000)
    assert 'src="/_simulator/mails/one/html"' in client.get("/_simulator/mails/one").text
    shown = client.get("/_simulator/mails/one/html")
    assert shown.text.strip() == "<p></p>"
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert client.get("/_simulator/mails/two/html").status_code == 404


@pytest.mark.parametrize("name", ["three", "..%2Fsecret-key", "../secret-key"])
def test_nothing_else_is_shown(client: FlaskClient, tmp_path: Path, name: str) -> None:
    mail(tmp_path / "mails", "one", "An invitation", 1000)
    (tmp_path / "secret-key").write_text("secret")
    assert client.get(f"/_simulator/mails/{name}").status_code == 404


def test_a_simulator_without_a_folder_shows_none() -> None:
    assert create_simulator().test_client().get("/_simulator/mails").status_code == 404
