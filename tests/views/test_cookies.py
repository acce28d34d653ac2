"""The cookie: whose signature it bears, for which host, and for how long."""

from flask import Flask, session

from dashboard.views.application import Application

OLD, NEW = "a key that was used before", "the key that is used now"


def site(key: str, *former: str, secure: bool = False) -> Flask:
    """Return a site that counts how often a browser came."""
    app = Application("site")
    app.config |= {
        "SECRET_KEY": key,
        "SECRET_KEY_FALLBACKS": list(former),
        "SESSION_COOKIE_SECURE": secure,
    }

    def count() -> str:
        session["times"] = session.get("times", 0) + 1
        return str(session["times"])

    app.add_url_rule("/", view_func=count)
    return app


def test_under_https_browsers_take_the_cookie_from_this_host_only() -> None:
    answer = site(NEW, secure=True).test_client().get("/", base_url="https://localhost")
    told = answer.headers["Set-Cookie"]
    assert told.startswith("__Host-session=")
    assert "Secure" in told
    assert "Path=/" in told
    assert "Domain" not in told


def test_without_https_it_has_a_plain_name() -> None:
    assert site(NEW).test_client().get("/").headers["Set-Cookie"].startswith("session=")


def test_a_cookie_signed_by_a_former_key_goes_on_and_is_signed_anew() -> None:
    before = site(OLD).test_client()
    before.get("/")
    client = site(NEW, OLD).test_client()
    client.set_cookie("session", before.get_cookie("session").value)
    assert client.get("/").text == "2"
    after = site(NEW).test_client()
    after.set_cookie("session", client.get_cookie("session").value)
    assert after.get("/").text == "3"


def test_a_cookie_signed_by_a_key_that_is_forgotten_holds_nothing() -> None:
    before = site(OLD).test_client()
    before.get("/")
    client = site(NEW).test_client()
    for cookie in (before.get_cookie("session").value, "made up", ""):
        client.set_cookie("session", cookie)
        assert client.get("/").text == "1"
