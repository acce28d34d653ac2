"""The main job as people see it: usage moves the bill, a sync agrees it, a roll has it paid."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask_sqlalchemy import SQLAlchemy
from playwright.sync_api import Page, expect
from sqlalchemy import select

from dashboard.accounts.permissions import SCOPES
from dashboard.accounts.tokens import create_token
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from tests.people import PASSWORD, make_bill, make_people
from tests.support.sandbox import API_KEY
from tests.support.stack import Stack

pytestmark = pytest.mark.browser
POLL_MS = 30_000


@pytest.fixture
def acme(db: SQLAlchemy, live_stack: Stack) -> Iterator[Organization]:
    """Acme with a bill, and the people who look at it."""
    acme = make_bill("acme", name="Acme Freight")
    make_people(acme, make_bill("other", name="Other Labs"))
    return acme


@pytest.fixture
def token(db: SQLAlchemy) -> str:
    """A sub-system's token."""
    with transaction():
        return create_token("meter", SCOPES, actor=SYSTEM, now=utc_now())[1]


def report_usage(stack: Stack, token: str, key: str, quantity: int) -> None:
    """Report usage as a sub-system does."""
    record = {
        "organization": "acme",
        "meter": "acme-requests",
        "key": key,
        "quantity": str(quantity),
        "recorded_at": utc_now().isoformat(),
    }
    answer = requests.post(
        f"{stack.url}/api/v1/usage",
        json={"records": [record]},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text


def give_a_card(stack: Stack, customer: str) -> None:
    """Put a good card on file at Stripe."""
    root, headers = stack.sandbox_url + "/v1", {"Authorization": f"Bearer {API_KEY}"}

    def post(path: str, **data: Any) -> dict[str, Any]:
        answer = requests.post(root + path, data=data, headers=headers, timeout=10)
        answer.raise_for_status()
        return dict(answer.json())

    card = post("/payment_methods/pm_card_visa/attach", customer=customer)
    settings = {"invoice_settings[default_payment_method]": card["id"]}
    post(f"/customers/{customer}", **settings)


def sign_in(page: Page) -> None:
    """Sign in as support."""
    page.goto("/session/new")
    page.get_by_label("E-mail").fill("support@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def sync_from_preview(page: Page) -> None:
    """Preview the sync and apply exactly that."""
    page.get_by_role("link", name="Preview sync").click()
    expect(page.get_by_text("Calls to Stripe")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Apply")).click()
    expect(page.get_by_text("Succeeded").first).to_be_visible(timeout=POLL_MS)


def roll(page: Page) -> None:
    """Roll the cycle, typing what the page asks for."""
    page.goto("/organizations/acme/rolls/new")
    page.get_by_label(re.compile("Type|Name", re.IGNORECASE)).fill("Acme Freight")
    page.get_by_label(re.compile("reason", re.IGNORECASE)).fill("Asked for an early bill")
    page.get_by_role("button", name=re.compile("^Roll cycle and bill")).click()


def last_run(db: SQLAlchemy) -> SyncRun:
    """Return the newest run as it is now."""
    db.session.rollback()
    return db.session.scalars(select(SyncRun).order_by(SyncRun.id.desc()).limit(1)).one()


def test_from_usage_to_a_paid_invoice_and_the_next_one(
    db: SQLAlchemy, page: Page, live_stack: Stack, acme: Organization, token: str
) -> None:
    sign_in(page)
    page.get_by_role("searchbox").fill("Acme")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Acme Freight").click()

    # A sub-system reports usage: the open page follows by itself.
    total = page.locator("[data-announce]")
    before = total.inner_text()
    page.evaluate("window.stillTheSamePage = true")
    report_usage(live_stack, token, "live-1", 20_000)
    expect(total).not_to_have_text(before, timeout=POLL_MS)
    assert page.evaluate("window.stillTheSamePage")
    moved = total.inner_text()

    # Preview, apply, agreed; a second sync has nothing to say.
    sync_from_preview(page)
    page.goto("/organizations/acme")
    expect(page.get_by_text("In sync").first).to_be_visible()
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_text("Succeeded").first).to_be_visible(timeout=POLL_MS)
    assert (last_run(db).state, last_run(db).calls_made) == ("succeeded", 0)

    # Roll: the invoice is finalized, paid by the card on file, and the next one is open.
    db.session.refresh(acme)
    give_a_card(live_stack, str(acme.stripe_customer_id))
    roll(page)
    expect(page.locator("#invoice-state .summary .status-word")).to_have_text(
        "Paid", timeout=POLL_MS
    )
    page.goto("/organizations/acme")
    expect(total).not_to_have_text(moved)
    expect(page.get_by_text("In progress").first).to_be_visible()
    page.get_by_role("link", name="Past invoices").click()
    expect(page.get_by_role("row").filter(has_text="Paid")).to_have_count(1)
