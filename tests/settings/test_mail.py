"""Where mails go is read once; what could never work stops the start and is named."""

from pathlib import Path

import pytest

from dashboard.config import ConfigError, load_config
from dashboard.settings.mail import MailFolder, MailServer, mail_target
from tests.support.environment import settings

ADDRESS = "postgresql://billing@db/billing"


@pytest.fixture
def environment(monkeypatch):
    """An environment of a product that can send mails; returns what changes it."""
    for name, value in settings(ADDRESS, "redis://127.0.0.1:9/0").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MAIL_URL", "smtp://user:p%40ss%2Fw@mail.acme.com")
    monkeypatch.setenv("MAIL_FROM", "Billing <billing@acme.com>")
    monkeypatch.setenv("EXTERNAL_URL", "https://billing.acme.com")
    return monkeypatch.setenv


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("none", None),
        ("file:///var/spool/our%20mails", MailFolder(Path("/var/spool/our mails"))),
        ("smtp://mail.acme.com", MailServer("mail.acme.com", 587, "starttls")),
        ("smtp://mail.acme.com:25", MailServer("mail.acme.com", 25, "starttls")),
        ("smtp://10.0.0.5?starttls=never", MailServer("10.0.0.5", 25, "none")),
        ("smtp://localhost", MailServer("localhost", 25, "none")),
        ("smtp://a:b@127.0.0.1:1025", MailServer("127.0.0.1", 1025, "none", "a", "b")),
        (
            "smtps://a%40b:p%2Fw@mail.acme.com",
            MailServer("mail.acme.com", 465, "tls", "a@b", "p/w"),
        ),
    ],
)
def test_an_address_names_a_server_or_a_folder(url, target):
    assert mail_target(url) == target


def test_settings_that_work_are_taken(environment):
    assert load_config().mail_target == MailServer(
        "mail.acme.com", 587, "starttls", "user", "p@ss/w"
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MAIL_URL", "", "must be none, smtp://"),
        ("MAIL_URL", "mail.acme.com", "must be none, smtp://"),
        ("MAIL_URL", "smtp://", "must be none, smtp://"),
        ("MAIL_URL", "smtp://mail:port", "must be none, smtp://"),
        ("MAIL_URL", "smtp://a:p@ss/w@mail", "must be none, smtp://"),
        ("MAIL_URL", "smtp://mail:0", "must be none, smtp://"),
        ("MAIL_URL", "smtp://mail:99999", "must be none, smtp://"),
        ("MAIL_URL", "smtp://ma il", "must be none, smtp://"),
        ("MAIL_URL", "smtp://billing@mail", "no password"),
        ("MAIL_URL", "file://mails", "must be none, smtp://"),
        ("MAIL_URL", "smtp://a:secret@mail?starttls=never", "without encryption"),
        ("MAIL_URL", "smtp://mail?tls=no", "has one option"),
        ("MAIL_URL", "smtps://mail?starttls=never", "has one option"),
        ("MAIL_FROM", "nobody", "must be an address"),
        ("MAIL_FROM", "Billing\nBcc: a@b.co <billing@acme.com>", "must be an address"),
    ],
)
def test_what_could_never_work_stops_the_start_and_is_named(environment, name, value, words):
    environment(name, value)
    with pytest.raises(ConfigError) as refused:
        load_config()
    assert name in str(refused.value)
    assert words in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "p@ss" not in str(refused.value)


@pytest.mark.parametrize("missing", ["MAIL_FROM", "EXTERNAL_URL"])
def test_what_mails_cannot_do_without_is_named(environment, monkeypatch, missing):
    monkeypatch.delenv(missing)
    with pytest.raises(ConfigError, match=missing):
        load_config()
