"""What the web server calls: the application, with seats for whoever has arrived."""

import ctypes
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from flask import Flask
from granian.utils.proxies import wrap_wsgi_with_proxy_headers
from werkzeug.wsgi import get_content_length

from dashboard.api.door import Door as UsageDoor
from dashboard.app import create_app
from dashboard.bounds import bound_of
from dashboard.config import Config
from dashboard.hosts import Hosts
from dashboard.processes import SEATS, WEB
from dashboard.views.headers import headers_of_data, headers_of_fragments
from dashboard.views.poll_door import Door as PollDoor
from dashboard.views.stripe_door import Door as StripeDoor
from jobs.restores import watch_at_start

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Door = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes] | None]

PR_SET_PDEATHSIG = 1


class Seats:
    """A WSGI application that receives the whole of a request before it takes one of its seats.

    The server lends each request a thread, which is cheap while it waits for a slow sender. The
    interpreter and the connections to the database are not: only `number` requests run at a time,
    and none of those waits for bytes. A body above `most_bytes` of its path is left unread, to be
    refused.
    What one of the `doors` answers takes no seat; they are for requests to one of the `hosts`.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        number: int,
        most_bytes: Callable[[str], int],
        doors: Sequence["Door"] = (),
        hosts: Hosts | None = None,
    ) -> None:
        self._app, self._doors, self._hosts = app, doors, hosts
        self._most_bytes = most_bytes
        self._seats = BoundedSemaphore(number)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a request, waiting for a seat if there is none."""
        self._receive(environ)
        for door in self._doors_for(environ):
            answer = door(environ, start_response)
            if answer is not None:
                return answer
        with self._seats:
            return self._app(environ, start_response)

    def _doors_for(self, environ: "WSGIEnvironment") -> Sequence["Door"]:
        """Return the doors; none for what is for another name, which the application refuses."""
        is_ours = self._hosts is None or self._hosts.knows(environ.get("HTTP_HOST", ""))
        return self._doors if is_ours else ()

    def _receive(self, environ: "WSGIEnvironment") -> None:
        most = self._most_bytes(environ.get("PATH_INFO", ""))
        length = get_content_length(environ)
        if "HTTP_TRANSFER_ENCODING" in environ:
            # It comes unannounced: one byte too many is enough to see that it is too long.
            length = most + 1
        elif length is None or length > most:
            return
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length))


class Mounted:
    """A WSGI application below `prefix`, whether the proxy in front takes the prefix off or not."""

    def __init__(self, app: "WSGIApplication", prefix: str) -> None:
        self._app, self._prefix = app, prefix

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a request, the prefix moved from its path to where WSGI wants it."""
        path = environ["PATH_INFO"]
        if path == self._prefix or path.startswith(f"{self._prefix}/"):
            environ["PATH_INFO"] = path.removeprefix(self._prefix)
        environ["SCRIPT_NAME"] = self._prefix
        return self._app(environ, start_response)


def application() -> "WSGIApplication":
    """Return what answers requests; the server calls this once in each of its processes."""
    end_with_the_server()
    app = create_app(process=WEB)
    watch_at_start(app)
    return behind_proxies(app)


def end_with_the_server() -> None:
    """Let the kernel stop this process when the server that started it is killed.

    It would go on, and share the port with the processes of the server that is started next.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def behind_proxies(app: Flask) -> "WSGIApplication":
    """Return the application with its seats, told the truth about its callers."""
    config: Config = app.extensions["config"]
    headers = headers_of_data(config)
    doors = (
        UsageDoor(app, headers),
        StripeDoor(app, headers),
        PollDoor(app, headers_of_fragments(config)),
    )
    seated = Seats(
        app,
        number=SEATS,
        most_bytes=lambda path: bound_of(path).bytes,
        doors=doors,
        hosts=config.hosts,
    )
    mounted = Mounted(seated, config.prefix) if config.prefix else seated
    served: WSGIApplication = wrap_wsgi_with_proxy_headers(mounted, config.proxies)
    return served
