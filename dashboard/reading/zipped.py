"""A ZIP that is sent as it is made: no file of it is held whole, equal contents are equal bytes.

Its last file has the checksum of each of the others, as `sha256sum --check` reads them.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple, cast

MANIFEST = "SHA256SUMS"
# So much is gathered before it is sent on.
CHUNK = 64 * 1024
# The earliest that the format knows: when it was made is no part of it.
NO_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX, _READABLE = 3, 0o644 << 16


class File(NamedTuple):
    """One file: its name, and its bytes in order, made as they are asked for."""

    name: str
    chunks: Iterable[bytes]


class _Sink:
    """What the archive writes to: it cannot be wound back, so the archive never asks for it."""

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep what was written until it is taken."""
        self._parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: what is kept is taken soon."""

    def take(self) -> bytes:
        """Return what was written since, and keep nothing of it."""
        taken = b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        return taken


def zipped(files: Iterable[File]) -> Iterator[bytes]:
    """Yield a ZIP of these files in their order, with the manifest as the last."""
    sink, sums = _Sink(), []
    with zipfile.ZipFile(cast(IO[bytes], sink), "w") as archive:
        for file in files:
            digest = hashlib.sha256()
            with archive.open(_entry(file.name), "w", force_zip64=True) as entry:
                for chunk in file.chunks:
                    digest.update(chunk)
                    entry.write(chunk)
                    if sink.size >= CHUNK:
                        yield sink.take()
            sums.append(f"{digest.hexdigest()}  {file.name}\n")
        archive.writestr(_entry(MANIFEST), "".join(sums))
    yield sink.take()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, NO_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system, entry.external_attr = _UNIX, _READABLE
    return entry
