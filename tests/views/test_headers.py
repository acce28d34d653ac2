"""What every answer tells the browser."""

from flask import Flask
from flask.testing import FlaskClient

from dashboard.views.assets import asset
from dashboard.views.headers import content_policy


def directives(policy: str) -> dict[str, str]:
    """Return a policy's directives by name."""
    return {name: rest for name, _, rest in (part.partition(" ") for part in policy.split("; "))}


def test_the_policy_allows_our_own_files_only(client: FlaskClient) -> None:
    policy = directives(client.get("/session/new").headers["Content-Security-Policy"])
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in str(policy)


def test_forms_may_lead_to_stripe_and_to_its_stand_in(app: Flask) -> None:
    config = app.extensions["config"]
    targets = directives(content_policy(config))["form-action"].split()
    assert "https://billing.stripe.com" in targets
    assert config.stripe_api_base in targets
    real = config.model_copy(update={"stripe_api_base": "https://api.stripe.com"})
    assert "https://api.stripe.com" not in content_policy(real)


def test_errors_and_files_carry_the_headers_too(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        file = asset("icons.svg")
    for address in ("/nowhere", file, "/healthz"):
        with client.get(address) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff", address
            assert answer.headers["X-Frame-Options"] == "DENY", address


def test_pages_are_kept_by_no_cache(client: FlaskClient) -> None:
    answer = client.get("/session/new")
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"HX-Request", "HX-Target"} <= set(answer.vary)


def test_the_theme_is_remembered_in_a_cookie(client: FlaskClient) -> None:
    from_the_server = client.get("/session/new").text
    assert 'data-theme="auto"' in from_the_server
    client.set_cookie("theme", "dark")
    assert 'data-bs-theme="dark"' in client.get("/session/new").text
    client.set_cookie("theme", "<script>")
    assert 'data-theme="auto"' in client.get("/session/new").text
