"""The files that pages load: made by set-up, compressed there, kept by browsers for good."""

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
MISSING = (
    "There is no {path}: what pages load was not made yet. Run `python3 bin/setup.py pages` "
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
        immutable_file_test=lambda _path, _address: True,
        add_headers_function=add_headers,
    )


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
