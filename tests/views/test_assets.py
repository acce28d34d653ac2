"""Our own files, and the vendored ones the browser is told to check."""

import base64
import hashlib

import pytest
from flask import Flask

from dashboard.views.assets import INTEGRITY, SCRIPTS, STYLES, asset
from tests.support.environment import ROOT

STATIC = ROOT / "static"


@pytest.mark.parametrize("name", sorted(INTEGRITY))
def test_a_vendored_file_is_exactly_the_one_we_name(name: str) -> None:
    digest = hashlib.sha384((STATIC / name).read_bytes()).digest()
    assert base64.b64encode(digest).decode() == INTEGRITY[name]


def test_every_style_and_script_is_loaded() -> None:
    assert {path.stem for path in (STATIC / "css").glob("*.css")} == set(STYLES)
    assert {path.stem for path in (STATIC / "js").glob("*.js")} == {*SCRIPTS, "theme"}


def test_an_address_changes_with_the_file(app: Flask) -> None:
    with app.test_request_context("/"):
        assert asset("icons.svg").startswith("/static/icons.svg?v=")
