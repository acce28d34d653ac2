"""A wire to PostgreSQL that can be cut around a COMMIT, before or after the server has it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit

from demo.embedded.sockets import socket_directory

SOCKET = ".s.PGSQL.5432"
Moment = Literal["before", "after"]


class Wire:
    """Hands on what clients and server say; `cut` names when to break off at the next COMMIT."""

    def __init__(self, server: Path, directory: Path) -> None:
        self.server = server
        self.cut: Moment | None = None
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(directory / SOCKET))
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self.server))
            is_lost = threading.Event()
            answers = threading.Thread(target=hand_on, args=(server, client, is_lost), daemon=True)
            answers.start()
            with suppress(OSError):
                while said := client.recv(65536):
                    if self.cut and b"COMMIT" in said:
                        moment, self.cut = self.cut, None
                        if moment == "before":
                            break
                        is_lost.set()
                    server.sendall(said)
            part(client, server)
            answers.join()


def hand_on(server: socket.socket, client: socket.socket, is_lost: threading.Event) -> None:
    """Hand on what the server answers until one is gone, or an answer is to be lost."""
    with suppress(OSError):
        while (answer := server.recv(65536)) and not is_lost.is_set():
            client.sendall(answer)
    part(client, server)


def part(*sockets: socket.socket) -> None:
    """Let both ends notice that the wire is gone."""
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire_to(database_url: str, directory: Path) -> Iterator[tuple[Wire, str]]:
    """Lend a wire to the database and the address at its end."""
    address = urlsplit(database_url)
    home = socket_directory(directory)
    wire = Wire(Path(parse_qs(address.query)["host"][0]) / SOCKET, home)
    try:
        yield wire, f"postgresql://postgres@{address.path}?host={quote(str(home))}"
    finally:
        wire.listener.close()
