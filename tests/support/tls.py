"""A server that speaks TLS with a certificate of a private authority, before another of ours."""

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest

MISSING = "No openssl here, so what needs certificates does not run: apt-get install openssl"


def certificates(directory: Path) -> tuple[Path, Path, Path]:
    """Return an authority's certificate, and a certificate and key of 127.0.0.1 by it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.fail(MISSING) if os.environ.get("CI") else pytest.skip(MISSING)
    new = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    new += ["-nodes", "-days", "1"]
    authority = [directory / "ca.pem", directory / "ca.key"]
    server = [directory / "server.pem", directory / "server.key"]
    own = ["-subj", "/CN=A private authority"]
    of_it = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    of_it += ["-CA", str(authority[0]), "-CAkey", str(authority[1])]
    for (certificate, key), options in ((authority, own), (server, of_it)):
        command = [*new, "-keyout", str(key), "-out", str(certificate), *options]
        subprocess.run(command, check=True, capture_output=True)
    return authority[0], server[0], server[1]


@contextmanager
def behind_tls(path: str, certificate: Path, key: Path) -> Iterator[int]:
    """Lend the port at which the server behind the socket `path` is reached by TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=_accept, args=(listening, context, path), daemon=True).start()
        yield listening.getsockname()[1]


def _accept(listening: socket.socket, context: ssl.SSLContext, path: str) -> None:
    with suppress(OSError):  # the test is over
        while True:
            client, _ = listening.accept()
            Thread(target=_relay, args=(client, context, path), daemon=True).start()


def _relay(client: socket.socket, context: ssl.SSLContext, path: str) -> None:
    with suppress(OSError):
        inside = context.wrap_socket(client, server_side=True)
        server = socket.socket(socket.AF_UNIX)
        server.connect(path)
        Thread(target=_pour, args=(server, inside), daemon=True).start()
        _pour(inside, server)


def _pour(source: socket.socket, into: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65536):
            into.sendall(received)
    with suppress(OSError):
        into.close()
