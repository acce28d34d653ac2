"""A dead event, from the list to its replay, in a browser on real processes."""

import pytest
from playwright.sync_api import Page, expect

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.parsing import parse_event
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.webhooks.inbox import failed
from dashboard.webhooks.intake import store
from dashboard.webhooks.models import WebhookEvent
from tests.people import People
from tests.support.events import event
from tests.support.visitors import Visitor

pytestmark = pytest.mark.browser
WHY = "Stripe refused: this key may not read customers."


def die() -> None:
    """Leave an event that was given up though nothing is wrong with it any more."""
    told = event("customer.updated", {"object": "customer", "id": "cus_gone", "metadata": {}})
    with transaction():
        [number] = store([parse_event(told)], source="webhook", now=utc_now())
        failed(db.session.get_one(WebhookEvent, number), WHY, now=utc_now(), is_last=True)


def test_a_dead_event_is_found_looked_into_and_replayed(
    page: Page, people: People, acme: Organization
) -> None:
    die()
    visitor = Visitor(page, "admin")
    page.goto("/webhook-events?state=dead")
    page.get_by_role("link", name="customer.updated").first.click()
    expect(page.get_by_role("alert")).to_contain_text(WHY)
    page.get_by_role("link", name="Preview replay").click()
    expect(page.get_by_text("This preview changed nothing.")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="Replay", exact=True).click()
    # The worker processes it again.
    done = page.get_by_text("Not a customer of ours.")
    for _ in range(60):
        if done.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(done).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert visitor.complaints == []
