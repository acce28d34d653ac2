"""What pages load: found by what it holds, compressed for whoever takes that, and checked."""

import base64
import gzip
import hashlib
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.views import assets
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


def test_only_a_name_that_holds_the_digest_of_its_file_is_kept_for_good(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"body{}"
    digest = hashlib.sha256(content).hexdigest()
    files = tmp_path / "files"
    files.mkdir()
    for name in (digest[:12], "0" * 12, digest[:4], digest):
        (files / f"app-{name}.css").write_bytes(content)
    monkeypatch.setattr(assets, "BUILT", tmp_path)
    served = Flask("other")
    assets.register_assets(served, {})
    kept = {}
    for path in files.iterdir():
        with served.test_client().get(f"/static/{path.name}?v=1") as answer:
            kept[path.name] = "immutable" in answer.headers["Cache-Control"]
    assert [name for name, is_kept in kept.items() if is_kept] == [f"app-{digest[:12]}.css"]


def test_that_a_file_is_not_there_is_remembered_by_nobody(client: FlaskClient) -> None:
    """During a rolling release it may be there a moment later, in another process."""
    answer = client.get("/static/app-0123456789ab.css")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")
