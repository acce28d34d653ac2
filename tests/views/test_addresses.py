"""What is refused by the address alone."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from dashboard.organizations.models import Organization
from dashboard.views.addresses import IdConverter
from tests.pages import page, post, text_of
from tests.people import PASSWORD, bill_of, browser_of

TOO_LARGE = (2**63, 10**30, "9" * 5000)


def numbered_routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Yield every route with a number in it, pages and API alike, with one of its methods."""
    for rule in app.url_map.iter_rules():
        if any(isinstance(one, IdConverter) for one in rule._converters.values()):
            yield rule, "GET" if "GET" in (rule.methods or ()) else "POST"


@pytest.mark.parametrize("number", TOO_LARGE, ids=["64 bits", "long", "endless"])
def test_a_number_no_row_can_have_is_not_found(
    app: Flask, admin: FlaskClient, acme: Organization, number: int | str
) -> None:
    routes = list(numbered_routes(app))
    assert len(routes) > 10
    for rule, method in routes:
        filled = dict.fromkeys(rule.arguments, "1") | {"slug": "acme"}
        for name in rule._converters:
            if name == "slug":
                continue
            address = rule.rule
            for other, value in (filled | {name: str(number)}).items():
                address = address.replace(f"<int:{other}>", value).replace(f"<{other}>", value)
            assert admin.open(address, method=method).status_code == 404, address


def test_only_plain_digits_are_a_number(support: FlaskClient) -> None:
    page(support.get("/organizations/acme/invoices/\u0661"), 404)


def test_nul_in_a_path_is_not_found(support: FlaskClient) -> None:
    page(support.get("/organizations/ac%00me"), 404)


@pytest.mark.parametrize(
    "address", ["/organizations?q=a%00b", "/audit-entries?actor=%00", "/webhook-events?q=%00"]
)
def test_nul_in_a_search_is_refused_in_a_sentence(support: FlaskClient, address: str) -> None:
    assert "a character that cannot be read" in text_of(page(support.get(address), 422))


def test_a_list_begins_anew_when_asked_for_nonsense(support: FlaskClient) -> None:
    for nonsense in ("x", "0", "-1", *TOO_LARGE):
        answer = support.get(f"/audit-entries?before={nonsense}")
        assert (answer.status_code, answer.location) == (303, "/audit-entries")


@pytest.mark.parametrize("sequence", ["abc", "9" * 30, "0", "1\0"])
def test_a_sync_of_no_invoice_is_not_one_of_the_current(
    support: FlaskClient, acme: Organization, sequence: str
) -> None:
    before = bill_of(acme).revision
    answer = post(support, "/organizations/acme/syncs", sequence=sequence)
    assert "no invoice with that number" in text_of(page(answer, 404))
    assert bill_of(acme).revision == before


def test_the_theme_button_leads_back_to_the_same_address(support: FlaskClient) -> None:
    address = "/organizations?q=a%20b%2Fc&sort=-name"
    assert page(support.get(address)).find("input", attrs={"name": "back"})["value"] == address


@pytest.mark.parametrize("path", ["/readyz", "/metrics", "/organizations"])
@pytest.mark.parametrize("slashes", ["/", "//"])
def test_a_path_of_two_slashes_is_no_page_of_ours(
    support: FlaskClient, path: str, slashes: str
) -> None:
    wrong = {"PATH_INFO": slashes + path, "RAW_URI": slashes + path}
    assert support.get(path).status_code == 200
    assert support.get("/", environ_overrides=wrong).status_code == 404


@pytest.mark.parametrize(
    "back", ["/\r\nSet-Cookie: a=b", "/\t/elsewhere.com", "//elsewhere.com", "//[", "/\\x", "x", ""]
)
def test_a_form_leads_back_to_paths_of_this_host_only(support: FlaskClient, back: str) -> None:
    assert post(support, "/theme", theme="dark", back=back).location == "/"
    fields = {"email": "support@example.com", "password": PASSWORD, "next": back}
    assert post(support, "/session", **fields).location == "/"
    page(post(support, "/session", **(fields | {"password": "wrong"})), 422)
    page(browser_of(support.application).get("/session/new", query_string={"next": back}))
