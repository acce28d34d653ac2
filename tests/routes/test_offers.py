"""What a page offers is what its door admits: no button and no link leads to a refusal."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import MethodNotAllowed, NotFound

from dashboard.accounts.permissions import Permission, permission_of
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page, text_of
from tests.people import People, make_member, signed_in
from tests.support.access import WHO, address, expected, person, rules
from tests.support.declined import decline, issue

WALKED = ("reader", "billing", "owner", "support", "admin")
PAY = ("hosted-page", "portal-sessions")


def in_trouble(acme: Organization) -> None:
    """Give Acme an invoice whose payment was declined, and one off the portal that is past due."""
    now = utc_now()
    decline(issue(acme, 195_011), at=now)
    issue(acme, 8_000, due_at=now - timedelta(days=2))
    with transaction():
        acme.customer_lost_at = now


def needed_for(app: Flask, method: str, where: str) -> Permission | None:
    """Return the permission of an address of ours, None where nothing answers it."""
    try:
        endpoint, _ = app.url_map.bind("localhost").match(urlsplit(where).path, method)
    except (NotFound, MethodNotAllowed):
        return None
    return permission_of(app.view_functions[endpoint])


def offered(soup: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """Yield method and address of every form and link of a page."""
    for form in soup.find_all("form", action=True):
        yield form.get("method", "get").upper(), form["action"]
    for link in soup.find_all("a", href=True):
        if link["href"].startswith("/"):
            yield "GET", link["href"]


def pages(app: Flask, acme: Organization, who: str) -> Iterator[str]:
    """Yield the addresses of an organization's pages that somebody of `WHO` may open."""
    for rule, needed in rules(app):
        is_page = "GET" in (rule.methods or ()) and "slug" in rule.arguments
        is_exotic = rule.arguments - {"slug", "sequence", "item_id"}
        if is_page and not is_exotic and expected(needed, *WHO[who]) == "allowed":
            yield address(app, rule, acme)


def refusals(app: Flask, client: FlaskClient, where: str, who: str) -> Iterator[str]:
    """Yield what a page offers to somebody who is refused it."""
    answer = client.get(where)
    if answer.status_code != 200 or answer.mimetype != "text/html":
        return
    for method, target in offered(BeautifulSoup(answer.text, "html5lib")):
        needed = needed_for(app, method, target)
        if needed is not None and expected(needed, *WHO[who]) != "allowed":
            yield f"{where}: {method} {target}"


@pytest.mark.parametrize("is_in_trouble", [False, True])
@pytest.mark.parametrize("who", WALKED)
def test_no_page_of_a_bill_offers_what_its_reader_is_refused(
    app: Flask, acme: Organization, people: People, who: str, is_in_trouble: bool
) -> None:
    if is_in_trouble:
        in_trouble(acme)
    client = signed_in(app, person(who, acme, people) or 0)
    walked = [*pages(app, acme, who), "/"]
    assert len(walked) > 15
    assert [one for where in walked for one in refusals(app, client, where, who)] == []


def test_a_reader_is_told_who_can_pay(app: Flask, acme: Organization, people: People) -> None:
    in_trouble(acme)
    reader = signed_in(app, make_member(acme, "reader"))
    owner = signed_in(app, people.customer)
    for where in ("", "/invoices", "/invoices/1", "/invoices/2"):
        soups = [page(client.get(f"/organizations/acme{where}")) for client in (reader, owner)]
        told, ways = text_of(soups[0]), [str(soup) for soup in soups]
        assert any(way in ways[1] for way in PAY), where
        assert not any(way in ways[0] for way in PAY), where
        assert "pay now" not in told
        assert "Manage payment at Stripe" not in told
        if where != "/invoices":
            assert "owner or a billing member" in told, where
