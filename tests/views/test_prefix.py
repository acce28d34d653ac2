"""Below a path of somebody else's host: every address of ours stays there."""

from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client

from dashboard.app import create_app
from dashboard.served import Mounted
from tests.pages import fragment, page
from tests.people import PASSWORD, Browser, People, make_bill
from tests.support.environment import config
from tests.support.services import Worker

PREFIX = "/billing"
BASE = f"https://localhost{PREFIX}"
ADDRESSES = ("href", "src", "action", "formaction", "hx-get", "hx-post", "hx-put", "hx-delete")


class Below(Browser):
    """A browser of the product below the prefix."""

    def open(self, *args, **kwargs):
        """Send a request below the prefix, an address that has it already included."""
        path = args[0].removeprefix(PREFIX)
        return super().open(path, *args[1:], base_url=BASE, **kwargs)


def below(app: Flask) -> Below:
    """Return such a browser."""
    return Below(app, app.response_class, use_cookies=True)


def send(client: FlaskClient, path: str, **fields: str):
    """Send a form with the token of the session."""
    form = page(client.get("/session/new"))
    token = form.find("input", attrs={"name": "csrf_token"})["value"]
    return client.post(path, data=fields | {"csrf_token": token}, headers={"Referer": BASE})


def sign_in(client: FlaskClient, **fields: str):
    """Send the sign-in form."""
    return send(client, "/session", email="admin@example.com", password=PASSWORD, **fields)


def addresses(soup) -> set[str]:
    """Return every address in a page, those that only scripts ask for included."""
    return {tag[name] for tag in soup.find_all(True) for name in ADDRESSES if tag.has_attr(name)}


def test_no_address_on_any_page_leads_outside(app: Flask, people: People) -> None:
    make_bill("walked")
    client = below(app)
    assert sign_in(client).status_code == 303
    seen, waiting = set(), ["/organizations", "/organizations/walked", "/session/new"]
    while waiting:
        path = waiting.pop()
        answer = client.get(path)
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        for address in addresses(fragment(answer)):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            assert parts.path.startswith(f"{PREFIX}/"), f"{address} on {path}"
            kind = (parts.path, parts.query.partition("=")[0])
            if kind not in seen and len(seen) < 120 and "/static/" not in parts.path:
                seen.add(kind)
                waiting.append(address)
    assert len(seen) > 25


def test_signing_in_leads_to_the_page_they_wanted_below_the_prefix(
    app: Flask, people: People
) -> None:
    client = below(app)
    asked = client.get("/organizations?q=a%20b")
    assert asked.location.startswith(f"{PREFIX}/session/new?next=")
    form = page(client.get(asked.location))
    wanted = form.find("input", attrs={"name": "next"})["value"]
    assert sign_in(client, next=wanted).location == f"{PREFIX}/organizations?q=a%20b"


def test_signing_in_leads_to_no_other_application_of_the_host(app: Flask, people: People) -> None:
    for elsewhere in ("/", "/shop", "/billings", f"{PREFIX}//evil.test", f"{PREFIX}/\\evil.test"):
        assert sign_in(below(app), next=elsewhere).location == f"{PREFIX}/"


def test_the_theme_leads_back_below_the_prefix(app: Flask) -> None:
    client = below(app)
    answer = send(client, "/theme", theme="dark", back=f"{PREFIX}/organizations")
    assert answer.location == f"{PREFIX}/organizations"


def test_the_cookie_is_of_the_path_alone(services: Worker) -> None:
    secure = {"external_url": BASE, "session_cookie_secure": True}
    settings = config(services.database_url, services.redis_url).model_copy(update=secure)
    app = create_app(settings)
    (cookie,) = below(app).get("/session/new").headers.getlist("Set-Cookie")
    assert cookie.startswith("__Secure-session=")
    assert "Path=/billing;" in f"{cookie};"


def test_a_request_may_come_with_the_prefix_or_without_it() -> None:
    def tell(environ, start_response):
        start_response("200 OK", [])
        return [f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode()]

    client = Client(Mounted(tell, PREFIX))
    told = {path: client.get(path).text for path in ("/billing/x", "/x", "/billing", "/billings")}
    assert told == {
        "/billing/x": "/billing /x",
        "/x": "/billing /x",
        "/billing": "/billing ",
        "/billings": "/billing /billings",
    }
