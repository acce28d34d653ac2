"""No page of one organization or of all, whoever adds it, reads more than a thousand buffers."""

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from dashboard.extensions import db
from tests.people import Browser
from tests.plans.bounds import Bound
from tests.support.explained import explained
from tests.support.many import Many

MOST = 1000
# What has a test of its own says there why it may take more.
MORE = {"/fleet": 9000, "/metrics": 9000}
NOT_PAGES = {
    "audit_entries.export": "downloads every entry there is",
    "audit_entries.export_lines": "downloads every entry there is",
    "history.export": "downloads every change there is",
    "doctor.stripe": "asks Stripe",
    "password.new": "is opened by a link",
    "invitations.show": "is opened by a link",
    "mail_opt_outs.show": "is opened by a link",
}


def pages(app: Flask) -> Iterator[Rule]:
    """Yield the addresses of pages that need no more than an organization's name."""
    for rule in app.url_map.iter_rules():
        is_read = "GET" in (rule.methods or ()) and rule.arguments <= {"slug"}
        is_page = not rule.rule.startswith(("/api/", "/static"))
        if is_read and is_page and rule.endpoint not in NOT_PAGES:
            yield rule


def test_every_page_finds_its_rows_by_an_index(filled: Flask, admin: Browser, many: Many) -> None:
    seen = 0
    for rule in pages(filled):
        address = rule.rule.replace("<slug>", "org-77")
        with filled.app_context(), explained(db.engine) as plans:
            assert admin.get(address).status_code < 500, address
        if plans.all:
            seen += 1
            Bound(address, MORE.get(address, MOST)).check(plans, many)
    assert seen > 20


@pytest.mark.parametrize("address", NOT_PAGES)
def test_what_is_no_page_is_there(filled: Flask, address: str) -> None:
    assert address in filled.view_functions
