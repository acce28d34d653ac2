"""What grows for ever is read from its end, and found by what is rare in it."""

import pytest

from dashboard.extensions import db
from tests.people import Browser
from tests.plans.bounds import Bound
from tests.support.explained import explained
from tests.support.many import Many

PAGE = 900
LOGS = (
    Bound("/sync-runs", PAGE),
    Bound("/sync-runs?state=active", PAGE),
    Bound("/sync-runs?state=failed", PAGE),
    Bound("/sync-runs?state=succeeded&before=5000", PAGE),
    Bound("/sync-runs?sort=time", PAGE),
    Bound("/sync-runs?after=5000", PAGE),
    Bound("/sync-runs?state=failed&sort=time", PAGE),
    Bound("/organizations/org-77/syncs", PAGE),
    Bound("/webhook-events", PAGE),
    Bound("/webhook-events?state=dead", PAGE),
    Bound("/webhook-events?state=processed", PAGE),
    Bound("/webhook-events?q=charge.dispute", PAGE),
    Bound("/webhook-events?q=invoice.", PAGE),
    Bound("/webhook-events?q=nothing.at.all", PAGE),
    Bound("/webhook-events?q=in_77", PAGE),
    Bound("/webhook-events?organization=org-77", PAGE),
    Bound("/webhook-events?first=2026-01-01&last=2026-01-31", PAGE),
    Bound("/webhook-events?echoes=y", PAGE),
    Bound("/audit-entries", PAGE),
    Bound("/audit-entries?sort=time", PAGE),
    Bound("/audit-entries?kind=invoices", PAGE),
    Bound("/audit-entries?kind=prices", PAGE),
    Bound("/audit-entries/77", PAGE),
    Bound("/audit-entries?organization=org-77", PAGE),
    Bound("/audit-entries?action=invoice.closed", PAGE),
    Bound("/audit-entries?actor=Rita", PAGE),
    Bound("/audit-entries?actor=clock", PAGE),
    Bound("/past-due", PAGE),
    Bound("/past-due?age=30&sort=-amount", PAGE),
    Bound("/people", PAGE),
    Bound("/people?who=staff&sort=-name", PAGE),
    Bound("/people?who=deactivated", PAGE),
    Bound("/bulk-actions", PAGE),
    Bound("/api-tokens", PAGE),
    Bound("/organizations/org-77", PAGE),
    Bound("/organizations/org-77/invoices", PAGE),
    Bound("/organizations/org-77/services", PAGE),
    Bound("/organizations/org-77/usage", PAGE),
    Bound("/organizations/org-77/history", PAGE),
    Bound("/organizations/org-77/history?cause=usage", PAGE),
    Bound("/organizations/org-77/history?cause=facts", PAGE),
    Bound("/organizations/org-77/history?cause=detach", PAGE),
    Bound("/organizations/org-77/history?product=Price+4", PAGE),
    Bound("/organizations/org-70/history", PAGE),
    Bound("/organizations/org-70/adjustments", PAGE),
    Bound("/organizations/org-77/details", PAGE),
)


@pytest.mark.parametrize("bound", LOGS, ids=str)
def test_a_page(bound: Bound, many: Many, filled, admin: Browser) -> None:
    with filled.app_context(), explained(db.engine) as plans:
        assert admin.get(bound.asked).status_code == 200
    bound.check(plans, many)
