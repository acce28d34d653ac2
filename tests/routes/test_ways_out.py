"""Nothing that a request says of itself leads anybody to somebody else's page."""

from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy

from dashboard.config import Config, ConfigError, load_config
from dashboard.hosts import Hosts
from dashboard.organizations.models import Organization
from dashboard.served import Seats
from dashboard.transaction import transaction
from tests.pages import post, text_of
from tests.support.environment import settings

PATHS = (
    "//evil.test/",
    "//evil.test/organizations",
    "/organizations//evil.test",
    "//organizations",
    "///evil.test",
    "/\\evil.test",
    "/%5Cevil.test",
    "/%2F%2Fevil.test",
    "/%2Fevil.test/..",
    "/organizations/%2F%2Fevil.test",
    "//evil.test/%2e%2e/organizations",
    "/session//new",
    "//evil.test%2Fsession/new",
    "/organizations/",
    "/static//evil.test",
    "//session/new?next=/",
)


def leads_to(location: str) -> str | None:
    """Return the host that a browser goes to from here."""
    return urlsplit(urljoin("http://localhost/organizations", location)).hostname


@pytest.mark.parametrize("path", PATHS)
def test_no_address_redirects_to_another_host(
    client: FlaskClient, admin: FlaskClient, path: str
) -> None:
    for browser in (client, admin):
        for method in ("GET", "POST"):
            for headers in ({}, {"HX-Request": "true"}):
                answer = browser.open(
                    "/",
                    method=method,
                    headers=headers,
                    environ_overrides={"PATH_INFO": path, "RAW_URI": path},
                )
                for name in ("Location", "HX-Redirect"):
                    assert leads_to(answer.headers.get(name, "/")) == "localhost"
                assert 'href="//' not in answer.text
                assert answer.status_code < 500


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.test",
        "/\\evil.test",
        "/\t/evil.test",
        "http://evil.test",
        "javascript:alert(1)",
        "/\u2028/evil.test",
        "\x00//evil.test",
    ],
)
def test_signing_in_leads_nowhere_else(client: FlaskClient, wanted: str) -> None:
    page = client.get("/session/new", query_string={"next": wanted})
    assert "evil.test" not in page.text
    assert "javascript:" not in page.text


def test_an_error_leads_back_only_to_a_page_of_this_host(client: FlaskClient) -> None:
    for elsewhere in ("http://evil.test/a", "http://localhost.evil.test/", "javascript:alert(1)"):
        assert elsewhere not in client.get("/nowhere", headers={"Referer": elsewhere}).text
    here = "http://localhost/organizations"
    assert here in client.get("/nowhere", headers={"Referer": here}).text


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:80", "localhost.evil.test", "localhost@evil.test", "", "[::2]"]
)
def test_a_request_for_another_name_is_refused_in_words(client: FlaskClient, host: str) -> None:
    answer = client.get("/session/new", headers={"Host": host})
    assert answer.status_code == 400
    assert "EXTERNAL_URL" in text_of(answer)
    asked = client.get("/api/v1/prices", headers={"Host": host})
    assert (asked.status_code, asked.json["code"]) == (400, "strange_host")


def test_probes_by_address_are_answered(client: FlaskClient) -> None:
    for probe in ("/healthz", "/readyz", "/metrics"):
        answer = client.get(probe, headers={"Host": "10.1.2.3:8000"})
        assert answer.status_code == 200


def test_names_are_the_settings_own_and_this_machines() -> None:
    hosts = Hosts(["Billing.Example.com", ".inside.test", "2001:db8::1"])
    for ours in (
        "billing.example.com",
        "BILLING.example.com:443",
        "billing.example.com.",
        "a.inside.test",
        "a.b.inside.test:80",
        "localhost:8000",
        "127.0.0.1",
        "[::1]:80",
        "[2001:db8::1]",
    ):
        assert hosts.knows(ours), ours
    for other in (
        "example.com",
        "x.billing.example.com",
        "inside.test",
        "ainside.test",
        "a b",
        "localhost:8000:1",
        "localhost/",
        "user@localhost",
        "[::1",
        "localhost:",
        "",
    ):
        assert not hosts.knows(other), other
    assert Hosts(["*"]).knows("whatever.test")


def test_the_external_address_is_always_one_of_the_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings("postgresql://a@b/c", "redis://a").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("EXTERNAL_URL", "https://billing.example.com/billing")
    monkeypatch.setenv("TRUSTED_HOSTS", "other.example.com, .inside.test")
    hosts = load_config().hosts
    assert hosts.knows("billing.example.com")
    assert hosts.knows("other.example.com")
    for wrong in ("https://a.test", "a.test/path", "a.test:80", "a test"):
        monkeypatch.setenv("TRUSTED_HOSTS", wrong)
        with pytest.raises(ConfigError, match=r"TRUSTED_HOSTS: .*is not a host"):
            load_config()


def test_no_door_answers_a_request_for_another_name() -> None:
    def door(_environ, start):
        return [b"by the door"]

    served = Seats(
        lambda environ, start: [b"by the application"],
        number=1,
        most_bytes=lambda path: 1,
        doors=[door],
        hosts=Hosts([]),
    )
    assert served({"HTTP_HOST": "localhost:1"}, None) == [b"by the door"]
    assert served({"HTTP_HOST": "evil.test"}, None) == [b"by the application"]
    assert served({}, None) == [b"by the application"]


def test_stripes_portal_leads_back_to_the_external_address_whatever_the_request_says(
    app: Flask,
    db: SQLAlchemy,
    customer: FlaskClient,
    acme: Organization,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    class Portal:
        def portal_url(self, _customer: str, *, return_url: str) -> str:
            asked.append(return_url)
            return "https://billing.stripe.com/p"

    config: Config = app.extensions["config"]
    outside = config.model_copy(update={"external_url": "https://billing.example.com"})
    monkeypatch.setitem(app.extensions, "config", outside)
    monkeypatch.setitem(app.extensions, "page_gateway", Portal())
    with transaction():
        acme.stripe_customer_id = "cus_1"
    answer = post(customer, "/organizations/acme/portal-sessions", {"Host": "localhost:81"})
    assert answer.location == "https://billing.stripe.com/p"
    assert asked == ["https://billing.example.com/organizations/acme"]
