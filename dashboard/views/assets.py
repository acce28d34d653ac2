"""The files that pages load: made by set-up, compressed there, kept by browsers for good."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TypedDict
from wsgiref.headers import Headers

from flask import Flask, request
from whitenoise import WhiteNoise

# bin/assets.mjs makes it: the files, and the list that says what is called how.
BUILT = Path(__file__).resolve().parents[2] / "static" / "built"
PREFIX = "/static/"
DIGEST_LENGTH = 12
MISSING = (
    "There is no {path}: the files of the pages are not built. Run `python3 bin/setup.py pages` "
    "and start again."
)


class Asset(TypedDict):
    """One file: its name, which changes with its content, and the hash that content has."""

    file: str
    integrity: str


def register_assets(app: Flask, headers: dict[str, str]) -> None:
    """Serve the files, each with these headers, in front of the application."""

    def add_headers(own: Headers, _path: str, _address: str) -> None:
        for name, value in headers.items():
            own.setdefault(name, value)

    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]  # the way that Flask documents
        app.wsgi_app,
        root=BUILT / "files",
        prefix=PREFIX,
        allow_all_origins=False,
        # Whatever else lies there may be another file tomorrow.
        max_age=0,
        immutable_file_test=lambda path, _address: is_named_by_content(Path(path)),
        add_headers_function=add_headers,
    )


def is_named_by_content(path: Path) -> bool:
    """Whether the name of a file holds the digest of what is in it: then it is that for good."""
    digest = path.stem.rpartition("-")[2]
    is_digest = len(digest) == DIGEST_LENGTH
    return is_digest and hashlib.sha256(path.read_bytes()).hexdigest().startswith(digest)


def asset(name: str) -> str:
    """Return the address of a file."""
    return f"{request.script_root}{PREFIX}{_made()[name]['file']}"


def integrity(name: str) -> str:
    """Return the hash by which a browser refuses a file that differs from the one made."""
    return _made()[name]["integrity"]


# Asked for dozens of times a page: the files of a running process do not change.
@cache
def _made() -> dict[str, Asset]:
    path = BUILT / "manifest.json"
    if not path.exists():
        raise FileNotFoundError(MISSING.format(path=path))
    made: dict[str, Asset] = json.loads(path.read_text())
    return made
