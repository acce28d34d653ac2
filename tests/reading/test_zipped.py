"""A ZIP that is sent as it is made: whole, the same for the same contents, and never held whole."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.reading.zipped import CHUNK, MANIFEST, File, zipped

contents = st.lists(st.lists(st.binary(max_size=200), max_size=4), max_size=5)


@settings(max_examples=50, deadline=None)
@given(contents)
def test_it_has_every_file_and_the_checksum_of_each(files: list[list[bytes]]) -> None:
    made = [File(f"file-{at}.txt", chunks) for at, chunks in enumerate(files)]
    raw = b"".join(zipped(made))
    assert raw == b"".join(zipped(made))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*(one.name for one in made), MANIFEST]
        sums = archive.read(MANIFEST).decode().splitlines()
        for one, line in zip(made, sums, strict=True):
            whole = archive.read(one.name)
            assert whole == b"".join(one.chunks)
            assert line == f"{hashlib.sha256(whole).hexdigest()}  {one.name}"


def test_a_large_file_is_sent_in_parts_that_are_made_one_by_one() -> None:
    made = 0

    def much() -> Iterator[bytes]:
        nonlocal made
        for number in range(2000):
            made += 1
            # Nothing that packs well.
            yield hashlib.sha256(str(number).encode()).digest() * 40

    largest, first_after = 0, None
    for part in zipped([File("much", much())]):
        first_after = first_after or made
        largest = max(largest, len(part))
    assert made == 2000
    assert first_after is not None
    assert first_after < 2000
    assert largest < 2 * CHUNK
