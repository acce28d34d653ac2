"""A taken port is named before anything starts."""

import errno
import socket

from demo.up.settings import CannotStart, Settings


def check_ports(settings: Settings) -> None:
    """Raise CannotStart naming the first port that somebody else listens on."""
    wanted = {"PORT": (settings.host, settings.port)}
    if settings.own_stripe:
        wanted["SIMULATOR_PORT"] = ("127.0.0.1", settings.simulator_port)
    for name, (host, port) in wanted.items():
        check_port(name, host, port)


def check_port(name: str, host: str, port: int) -> None:
    """Raise CannotStart unless we may listen on `port`; `name` is the variable that chooses it."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do it: a port that only waits out its last connections is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(_sentence(name, host, port, error)) from None


def _sentence(name: str, host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken ({name}); choose another: `{name}={port + 10} make run`."
    return f"Port {port} on {host} cannot be used ({name}): {error.strerror}."
