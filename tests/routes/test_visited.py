"""Each page is among those that a browser looks at, or is left out here for a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import NotFound

from tests.support.every_page import PAGES

A_PART = "a part of a page"
A_FILE = "a download"
LEADS_ON = "leads to a page"
BEFORE = "before signing in; looked at by a test of its own"
BY_A_LINK = "is opened by a link that was mailed"
NO_PAGE = "is read by programs"
LEFT_OUT = {
    "glance.show": A_PART,
    "organization_list.counts": A_PART,
    "spend.show": A_PART,
    "comparison.movers": A_PART,
    "timeline.recent": A_PART,
    "spend.export": A_FILE,
    "history.export": A_FILE,
    "audit_entries.export": A_FILE,
    "audit_entries.export_lines": A_FILE,
    "past_due.export": A_FILE,
    "balances.export": A_FILE,
    "home.show": LEADS_ON,
    "organizations.current_invoice": LEADS_ON,
    "organizations.last_invoice": LEADS_ON,
    "sign_on.new": LEADS_ON,
    "sign_on.show": LEADS_ON,
    "session.new": BEFORE,
    "password_requests.new": BEFORE,
    "second_step.new": "between two steps of signing in",
    "invitations.show": BY_A_LINK,
    "mail_opt_outs.show": BY_A_LINK,
    "password.new": BY_A_LINK,
    "pay_links.show": BY_A_LINK,
    "operation.healthz": NO_PAGE,
    "operation.readyz": NO_PAGE,
    "operation.metrics": NO_PAGE,
}


def visited(app: Flask) -> Iterator[str]:
    """Yield what answers at each address that the browser goes to."""
    here = app.url_map.bind("localhost")
    for address in {one for some in PAGES.values() for one in some}:
        try:
            yield here.match(re.sub(r"\{\w+\}", "1", urlsplit(address).path), "GET")[0]
        except NotFound:
            assert address == "/nowhere"


def pages(app: Flask) -> Iterator[str]:
    """Yield what answers where no more than an organization's name is needed."""
    for rule in app.url_map.iter_rules():
        is_read = "GET" in (rule.methods or ()) and rule.arguments <= {"slug"}
        if is_read and not rule.rule.startswith(("/api/", "/static")):
            yield rule.endpoint


def test_every_page_is_looked_at_by_a_browser(app: Flask) -> None:
    assert set(pages(app)) - set(visited(app)) == set(LEFT_OUT)
