"""Each page, in both themes, for each role: accessible, quiet, and usable on a narrow screen."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from sqlalchemy import func, select

from dashboard.accounts.invitations import invite, open_invitations
from dashboard.accounts.people import person_by_email
from dashboard.accounts.tokens import create_token, list_tokens, revoke_token
from dashboard.audit.actor import SYSTEM, Actor
from dashboard.audit.listing import AuditFilter, entries
from dashboard.bulk.listing import recent_acts
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.mail.outbox import mail_invitation, note_failure, note_sent, take_due
from dashboard.needs.found import Found
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from dashboard.webhooks.models import WebhookEvent
from tests.browser.visitors import Visitor
from tests.people import People, bill_of, make_bill, make_people, take_usage_off
from tests.support.browser import guarded_context, shoot
from tests.support.bulk import begun, step
from tests.support.needs import look_now
from tests.support.stack import Stack

pytestmark = pytest.mark.browser

OF_ACME = [
    "/organizations/acme",
    "/organizations/acme?open=all",
    "/organizations/acme/usage",
    "/organizations/acme/history",
    "/organizations/acme/comparison",
    "/organizations/acme/budget",
    "/organizations/acme/services",
    "/organizations/acme/adjustments",
    "/organizations/acme/invoices",
    "/organizations/acme/budget",
    "/organizations/acme/what-if",
    "/organizations/acme/what-if?since=soon&count=-1",
    "/organizations/acme/details",
    "/organizations/acme/timeline",
    "/organizations/acme/members",
    "/organizations/acme/invoices/1/items/{item}",
    "/organizations/acme/invoices/1/document",
    "/glossary",
    "/nowhere",
]
OF_STAFF = [
    "/needs",
    "/needs?kind=differs",
    "/needs/settled",
    "/needs/{need}",
    "/search",
    "/search?q=freight",
    "/search?q=nobody",
    "/organizations",
    "/organizations?q=nobody",
    "/organizations?sort=-ends",
    "/bulk-actions",
    "/bulk-actions/{act}",
    "/bulk-actions/new?verb=sync&scope=all",
    "/bulk-actions/new?verb=replay",
    "/organizations/acme/syncs",
    "/organizations/acme/syncs/new",
    "/organizations/acme/at-stripe",
    "/organizations/acme/notes/new",
    "/organizations/acme/rolls/new",
    "/organizations/acme/adjustments/new",
    "/organizations/acme/details/edit",
    "/sync-runs",
    "/webhook-events",
    "/webhook-events?state=dead",
    "/webhook-events/{event}",
    "/bulk-actions/new?verb=replay&like={event}",
    "/jobs",
    "/stripe-calls",
    "/catalog",
    "/catalog/acme-fee",
    "/audit-entries",
    "/audit-entries?kind=invoices&actor=nobody",
    "/audit-entries/{entry}",
    "/fleet",
]
# Whose pages, in parts that take no longer than a test may.
PAGES = {
    "customer": OF_ACME,
    "support": OF_ACME,
    "support-all": OF_STAFF,
    "admin": [
        "/fleet",
        "/doctor",
        "/doctor/stripe",
        "/catalog/acme-fee/versions/new",
        "/catalog/acme-fee/versions/new?effective_at={soon}&model=per_unit&unit_amount=60",
        "/api-tokens",
        "/api-tokens/new",
        "/api-tokens/{token}/rotations/new",
        "/people",
        "/people/{person}",
        "/people/{person}/deactivations/new",
        "/invitations/new",
        "/invitations/{invitation}/link",
        "/password/edit",
        "/sessions",
        "/factors",
        "/factors/app/new",
        "/factors/passkeys/new",
    ],
}


@pytest.fixture
def acme(live_stack: Stack) -> Organization:
    """An organization with a bill, and with usage that a backdated end took off."""
    organization = make_bill("acme", name="Acme Freight", fees=3)
    take_usage_off(organization)
    return organization


@pytest.fixture
def people(acme: Organization) -> People:
    """Those who look at it."""
    people = make_people(acme, make_bill("other", name="Other Labs"))
    make_tokens(people.admin, acme)
    make_mails()
    make_dead_events()
    make_bulk_action()
    # No clock runs beside these tests.
    look_now(told={"late": [Found("workers", None, {"why": "No worker is running."})]})
    return people


def make_tokens(owner_id: int, organization: Organization) -> None:
    """Make tokens of each state: for long, ending soon, ended, revoked."""
    now, ada = utc_now(), Actor("user", owner_id, "admin@example.com")
    lives = {"Compute metering": 300, "Storage metering": 3, "Batch import": -1, "Old agent": 90}
    with transaction():
        for name, days in lives.items():
            token, _ = create_token(
                name,
                ["usage:write", "services:write"],
                actor=ada,
                now=now,
                organization_id=organization.id if days < 10 else None,
                expires_at=now + timedelta(days=days),
            )
        revoke_token(token, actor=ada, now=now)


def make_mails() -> None:
    """Invite people whose mails are of each state: not tried yet, sent, delayed, given up."""
    now, away = utc_now(), "The mail server mail.acme.com:587 cannot be used: Connection refused."
    unknown = "The mail server refused it: 550 5.1.1 No such user here."
    with transaction():
        for number in range(4):
            address = f"somebody-{number}@example.com"
            mail_invitation(invite(address, "support", actor=SYSTEM, now=now), now=now)
        # Due one after the other, and then not for a while: the worker beside us sends none.
        sent, delayed, given_up = (take_due(now=now) for _ in range(3))
        assert sent is not None
        assert delayed is not None
        assert given_up is not None
        note_sent(sent, now=now)
        note_failure(delayed, away, for_good=False, now=now)
        note_failure(given_up, unknown, for_good=True, now=now)


def make_dead_events() -> None:
    """Let two events have failed with one error, and one with another."""
    now = utc_now()
    for number, error in enumerate(("No invoice in_1.", "No invoice in_2.", "It is odd.")):
        told = {"stripe_event_id": f"evt_dead_{number}", "type": "invoice.paid", "payload": {}}
        dead = {"state": "dead", "attempts": 8, "error": error}
        with transaction():
            db.session.add(WebhookEvent(created_at=now, received_at=now, **told, **dead))


def make_bulk_action() -> None:
    """Let a bulk action be in progress, with one sync that failed."""
    act = begun("sync", db.session.scalars(select(Organization.id)).all())
    step(act)
    with transaction():
        run = db.session.scalars(select(SyncRun).where(SyncRun.trigger == "bulk")).first()
        run.state, run.error = "failed", "Stripe did not answer."
    step(act)


def role_of(part: str) -> str:
    """Return who sees the pages of that part."""
    return part.partition("-")[0]


def addresses(part: str, acme: Organization) -> Iterator[str]:
    """Yield the addresses of a part's pages."""
    item = next(one for one in bill_of(acme).items if one.kind == "metered")
    person = person_by_email("customer@example.com")
    token = list_tokens(now=utc_now(), only_live=True).rows[0]
    invitation = open_invitations()[0]
    event = db.session.scalar(select(func.min(WebhookEvent.id)))
    soon = f"{utc_now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    for address in PAGES[part]:
        yield address.format(
            item=item.id,
            person=person.id,
            token=token.id,
            invitation=invitation.id,
            event=event,
            soon=soon,
            need=look_now()[0].id,
            entry=entries(AuditFilter()).rows[0].id,
            act=recent_acts(only_open=False).rows[0].id,
        )


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with the page as it stands."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("part", sorted(PAGES))
def test_every_page_is_accessible_and_the_browser_has_no_complaint(
    part: str, theme: str, browser: Browser, live_stack: Stack, acme: Organization, people: People
) -> None:
    size = {"width": 1280, "height": 900}
    wrong: dict[str, list[str]] = {}
    with guarded_context(browser, live_stack.url, viewport=size, color_scheme=theme) as context:
        visitor = Visitor(context.new_page(), role_of(part))
        for address in addresses(part, acme):
            visitor.page.goto(address)
            if found := violations(visitor.page):
                wrong[address] = found
            shoot(visitor.page, f"{part}-{theme}{address.replace('/', '-').replace('?', '-')}")
    assert wrong == {}
    assert visitor.complaints == []


@pytest.mark.parametrize("part", ["support", "support-all", "admin"])
def test_no_page_is_wider_than_a_telephone(
    part: str, browser: Browser, live_stack: Stack, acme: Organization, people: People
) -> None:
    size = {"width": 390, "height": 844}
    wide: list[str] = []
    with guarded_context(browser, live_stack.url, viewport=size) as context:
        page = Visitor(context.new_page(), role_of(part)).page
        for address in addresses(part, acme):
            page.goto(address)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > size["width"]:
                wide.append(f"{address}: {width}")
            shoot(page, f"narrow{address.replace('/', '-').replace('?', '-')}")
    assert wide == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("address", ["/session/new", "/password-requests/new"])
def test_the_pages_before_signing_in_are_accessible(
    address: str, theme: str, browser: Browser, live_stack: Stack
) -> None:
    for width in (1280, 390):
        size = {"width": width, "height": 844}
        with guarded_context(browser, live_stack.url, viewport=size, color_scheme=theme) as context:
            page = context.new_page()
            page.goto(address)
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            shoot(page, f"nobody-{theme}-{width}{address.replace('/', '-')}")
