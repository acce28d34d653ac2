"""Between the web server and Flask: seats, whole bodies, and whose word on an address is taken."""

from io import BytesIO
from threading import Event, Thread

import pytest

from dashboard.app import create_app
from dashboard.config import ConfigError, load_config
from dashboard.served import Seats, behind_proxies
from tests.support.environment import settings

MOST = 10


class Body(BytesIO):
    """A body that counts how much of it was asked for."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.asked: list[int] = []

    def read(self, size: int = -1, /) -> bytes:
        self.asked.append(size)
        return super().read(size)


class SlowBody(Body):
    """A body that does not arrive before it is told to."""

    def __init__(self) -> None:
        super().__init__(b"late")
        self.may_arrive = Event()

    def read(self, size: int = -1, /) -> bytes:
        assert self.may_arrive.wait(10)
        return super().read(size)


def echo(environ, start_response):
    """Answer with the body."""
    return [environ["wsgi.input"].read()]


def ask(served, body: Body, **environ: str) -> bytes:
    """Return the answer to a request with a body."""
    return b"".join(served({"wsgi.input": body, **environ}, None))


@pytest.fixture
def one_seat() -> Seats:
    """A server's application in which one request runs at a time."""
    return Seats(echo, number=1, most_bytes=lambda _path: MOST)


def test_a_request_that_has_not_arrived_takes_no_seat(one_seat):
    slow, late = SlowBody(), []
    sender = Thread(target=lambda: late.append(ask(one_seat, slow, CONTENT_LENGTH="4")))
    sender.start()
    assert ask(one_seat, Body(b"quick"), CONTENT_LENGTH="5") == b"quick"
    slow.may_arrive.set()
    sender.join(10)
    assert late == [b"late"]


def test_a_seat_is_free_again_after_an_error(one_seat):
    one_seat._app = lambda environ, start: 1 / 0
    with pytest.raises(ZeroDivisionError):
        ask(one_seat, Body(b""))
    one_seat._app = echo
    assert ask(one_seat, Body(b"on"), CONTENT_LENGTH="2") == b"on"


def test_a_body_that_is_too_long_is_left_for_the_application_to_refuse():
    served = Seats(lambda environ, start: [], number=1, most_bytes=lambda _path: MOST)
    body = Body(b"a" * 11)
    ask(served, body, CONTENT_LENGTH="11")
    assert body.asked == []


def test_of_a_body_without_a_length_no_more_than_one_byte_too_many_is_kept(one_seat):
    assert ask(one_seat, Body(b"a" * 20), HTTP_TRANSFER_ENCODING="chunked") == b"a" * 11


@pytest.fixture
def environment(services, monkeypatch):
    """The environment of the product under test; returns what changes it."""
    for name, value in settings(services.database_url, services.redis_url).items():
        monkeypatch.setenv(name, value)
    return monkeypatch.setenv


def sign_in_address(proxies: str, environment) -> str:
    """Return what a proxied request's caller and scheme are taken for."""
    environment("TRUSTED_PROXIES", proxies)
    served = behind_proxies(create_app())
    heard = {}
    served.__wrapped__._app = lambda environ, start: heard.update(environ) or []
    served(
        {
            "REMOTE_ADDR": "10.1.2.3",
            "wsgi.url_scheme": "http",
            "HTTP_X_FORWARDED_FOR": "6.6.6.6, 203.0.113.7",
            "HTTP_X_FORWARDED_PROTO": "https",
        },
        None,
    )
    return f"{heard['wsgi.url_scheme']}://{heard['REMOTE_ADDR']}"


def test_a_trusted_proxy_says_who_calls_and_over_what(environment):
    # The last address is the proxy's own word; what stands before it anybody may have written.
    assert sign_in_address("127.0.0.1, 10.0.0.0/8", environment) == "https://203.0.113.7"


def test_a_stranger_is_not_believed(environment):
    assert sign_in_address("127.0.0.1", environment) == "http://10.1.2.3"


def test_a_trusted_proxy_that_is_no_address_stops_the_start_and_is_named(environment):
    environment("TRUSTED_PROXIES", "proxy.internal")
    with pytest.raises(ConfigError, match="TRUSTED_PROXIES"):
        load_config()
