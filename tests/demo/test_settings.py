"""Where the demo refuses to run, and how it keeps its secrets."""

from pathlib import Path

import pytest

from dashboard.config import Config
from demo.settings import (
    DemoRefused,
    DemoSettings,
    demo_password,
    demo_settings,
    write_private,
)


def config(**changed: str) -> Config:
    values = {
        "database_url": "postgresql://localhost/none",
        "redis_url": "redis://localhost/0",
        "secret_key": "a key for tests only",
        "stripe_api_key": "sk_test_sandbox",
        "stripe_webhook_secret": "whsec_sandbox",
        "stripe_api_base": "http://127.0.0.1:9",
        **changed,
    }
    return Config(**values)  # type: ignore[arg-type]  # pydantic parses the strings


def test_it_refuses_a_live_key() -> None:
    live = config(stripe_api_key="sk_live_1", stripe_api_base="https://api.stripe.com")
    with pytest.raises(DemoRefused, match="live key"):
        demo_settings(live)


def test_it_refuses_where_no_demo_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO", "0")
    with pytest.raises(DemoRefused, match="DEMO is 0"):
        demo_settings(config())


def test_it_finds_the_web_where_the_supervisor_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO", "1")
    monkeypatch.delenv("DASHBOARD_URL", raising=False)
    assert demo_settings(config(port="8123")).address == "http://127.0.0.1:8123"
    monkeypatch.setenv("DASHBOARD_URL", "http://127.0.0.1:9999")
    assert demo_settings(config()).address == "http://127.0.0.1:9999"


def test_the_password_is_made_once_and_only_we_can_read_it(tmp_path: Path) -> None:
    settings = DemoSettings("http://127.0.0.1:1", tmp_path / "data", "", "")
    password = demo_password(settings)
    assert password.startswith("demo-")
    assert demo_password(settings) == password
    assert settings.password_file.stat().st_mode & 0o777 == 0o600


def test_a_secret_in_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "demo-token"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
