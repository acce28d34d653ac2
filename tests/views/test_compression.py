"""Pages are packed for the browser that asks by itself, and for no other site."""

import gzip

import pytest
from flask.testing import FlaskClient

OWN = {"Accept-Encoding": "gzip, deflate, br", "Sec-Fetch-Site": "same-origin"}
PAGE = "/session/new"


def test_a_page_that_our_own_page_asks_for_is_packed(client: FlaskClient) -> None:
    plain, packed = client.get(PAGE), client.get(PAGE, headers=OWN)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content_length == len(packed.data) < plain.content_length / 2
    assert b"Sign in" in gzip.decompress(packed.data)


def test_a_typed_address_is_packed_too(client: FlaskClient) -> None:
    answer = client.get(PAGE, headers=OWN | {"Sec-Fetch-Site": "none"})
    assert answer.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("site", ["cross-site", "same-site", ""])
def test_what_another_site_asks_for_tells_nothing_by_its_length(
    client: FlaskClient, site: str
) -> None:
    answer = client.get(PAGE, headers=OWN | {"Sec-Fetch-Site": site})
    assert "Content-Encoding" not in answer.headers
    assert {"Accept-Encoding", "Sec-Fetch-Site"} <= set(answer.vary)


@pytest.mark.parametrize("taken", ["identity", "br", "gzip;q=0", ""])
def test_who_does_not_take_it_packed_gets_it_as_it_is(client: FlaskClient, taken: str) -> None:
    answer = client.get(PAGE, headers=OWN | {"Accept-Encoding": taken})
    assert "Content-Encoding" not in answer.headers
    assert "Sign in" in answer.text


def test_what_is_small_anyway_stays_as_it_is(client: FlaskClient) -> None:
    answer = client.get("/", headers=OWN)
    assert answer.content_length < 1000
    assert "Content-Encoding" not in answer.headers
