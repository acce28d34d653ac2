"""What the API lists costs the same from any place on, a numbered page little more than its own."""

import pytest
from flask import Flask

from dashboard.accounts.tokens import create_token
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.people import browser_of
from tests.plans.bounds import Bound
from tests.support.explained import explained
from tests.support.many import Many

# Fifty rows; `total` and a page's number count along an index that holds no more than the names.
ROWS, COUNTED = 400, 70
ASKED = (
    Bound("organizations", ROWS, COUNTED),
    Bound("organizations?page=30", ROWS, COUNTED),
    Bound("organizations?after=7-800", ROWS, COUNTED),
    Bound("organizations?search=labs", ROWS, COUNTED),
    Bound("organizations?search=cus_nobody", ROWS, COUNTED),
    Bound("organizations/org-77", ROWS),
    Bound("organizations/org-77/current-invoice", ROWS),
    Bound("organizations/org-77/invoices", ROWS),
)


@pytest.fixture(scope="module")
def secret(filled: Flask) -> str:
    """A token that may read everything."""
    with filled.app_context(), transaction():
        scopes = ["organizations:read", "invoices:read"]
        return create_token("plans", scopes, actor=SYSTEM, now=utc_now())[1]


@pytest.mark.parametrize("bound", ASKED, ids=str)
def test_what_the_api_reads(bound: Bound, many: Many, filled: Flask, secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}"}
    with filled.app_context(), explained(db.engine) as plans:
        told = browser_of(filled).get(f"/api/v1/{bound.asked}", headers=headers)
        assert told.status_code == 200, told.text
    bound.check(plans, many)
