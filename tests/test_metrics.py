"""The figures: bounded in number whatever is asked for, and not for everybody."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.config import Config

OUTSIDE = {"REMOTE_ADDR": "203.0.113.7"}
TOKEN = "a token of the settings"


@pytest.fixture
def guarded(app: Flask, client: FlaskClient) -> Iterator[FlaskClient]:
    """The browser of somebody elsewhere, where the settings name a token."""
    config: Config = app.extensions["config"]
    app.extensions["config"] = config.model_copy(update={"metrics_token": TOKEN})
    yield client
    app.extensions["config"] = config


def series(client: FlaskClient) -> set[str]:
    """Return the names and labels of all figures of requests."""
    lines = client.get("/metrics").text.splitlines()
    return {line.rpartition(" ")[0] for line in lines if line.startswith("dashboard_request")}


def test_methods_and_addresses_that_somebody_makes_up_make_no_figures(client: FlaskClient) -> None:
    for number in range(3):
        client.open("/healthz", method=f"METHOD{number}")
        client.get(f"/nowhere/{number}")
    # Asking for them makes a figure of its own.
    series(client)
    before = series(client)
    for number in range(3, 50):
        client.open("/healthz", method=f"METHOD{number}")
        client.open(f"/nowhere/{number}", method=f"m{number}")
    assert series(client) == before
    assert any('method="other"' in one for one in before)


def test_without_a_token_only_this_machine_reads_them(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 200
    for elsewhere in ("203.0.113.7", "10.0.0.1", "::ffff:10.0.0.1", "unknown", ""):
        refused = client.get("/metrics", environ_base={"REMOTE_ADDR": elsewhere})
        assert refused.status_code == 401
        assert "METRICS_TOKEN" in refused.text
        assert "dashboard_" not in refused.text


def test_with_a_token_whoever_sends_it_reads_them_and_nobody_else(guarded: FlaskClient) -> None:
    for wrong in ({}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": TOKEN},
                  {"Authorization": "Bearer \xe9"}):  # fmt: skip
        assert guarded.get("/metrics", headers=wrong).status_code == 401
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    told = guarded.get("/metrics", headers=bearer, environ_base=OUTSIDE)
    assert told.status_code == 200
    assert "dashboard_workers" in told.text


def test_a_token_that_could_be_guessed_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="metrics_token"):
        Config(
            database_url="postgresql://a@b/c",
            redis_url="redis://a",
            secret_key="x" * 16,
            stripe_api_key="sk_test_a",
            stripe_webhook_secret="whsec_a",
            metrics_token="short",
        )
