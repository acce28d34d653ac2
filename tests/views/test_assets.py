"""What pages load: found by what it holds, compressed for whoever takes that, and checked."""

import base64
import gzip
import hashlib
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.views.assets import asset, integrity

FILES = ["app.css", "app.js", "theme.js", "icons.svg", "favicon.svg"]


@pytest.fixture
def addresses(app: Flask) -> dict[str, str]:
    """Where each file is."""
    with app.test_request_context("/"):
        return {name: asset(name) for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_kept_for_good_under_a_name_that_changes_with_it(
    client: FlaskClient, addresses: dict[str, str], name: str
) -> None:
    with client.get(addresses[name]) as answer:
        digest = hashlib.sha256(answer.data).hexdigest()
        assert addresses[name] == f"/static/{name.replace('.', f'-{digest[:12]}.')}"
        assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("name", FILES)
def test_a_browser_is_told_what_a_file_must_contain(
    client: FlaskClient, addresses: dict[str, str], name: str
) -> None:
    with client.get(addresses[name]) as answer:
        digest = hashlib.sha384(answer.data).digest()
    assert integrity(name) == f"sha384-{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_sent_as_small_as_the_browser_takes_it(
    client: FlaskClient, addresses: dict[str, str], name: str
) -> None:
    sizes = {}
    for taken in ("identity", "gzip", "gzip, deflate, br, zstd"):
        with client.get(addresses[name], headers={"Accept-Encoding": taken}) as answer:
            sizes[answer.headers.get("Content-Encoding")] = len(answer.data)
            assert answer.headers["Vary"] == "Accept-Encoding"
    assert sizes["br"] < sizes["gzip"] < sizes[None]


def test_compressed_it_is_the_same_file(client: FlaskClient, addresses: dict[str, str]) -> None:
    taken = {"Accept-Encoding": "gzip"}
    with (
        client.get(addresses["app.css"]) as plain,
        client.get(addresses["app.css"], headers=taken) as packed,
    ):
        assert gzip.decompress(packed.data) == plain.data


def test_a_file_that_is_no_more_is_not_found(client: FlaskClient) -> None:
    assert client.get("/static/app-0123456789ab.css").status_code == 404


def test_every_page_checks_its_style_sheet_and_scripts(client: FlaskClient) -> None:
    page = client.get("/session/new").text
    loaded = re.findall(
        r'<(?:script|link rel="stylesheet")[^>]*(?:src|href)="([^"]+)"([^>]*)', page
    )
    assert len(loaded) == 3
    assert all('integrity="sha384-' in rest for _, rest in loaded)
