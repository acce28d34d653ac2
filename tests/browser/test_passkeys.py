"""Passkeys in a real browser, whose authenticator is a virtual one."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page, Route, expect

from dashboard.organizations.models import Organization
from tests.people import PASSWORD, People, make_bill, make_people
from tests.support.browser import shoot
from tests.support.every_page import violations
from tests.support.services import Worker
from tests.support.stack import Stack, new_stack, stack_directory, start_web
from tests.support.visitors import sign_out

pytestmark = pytest.mark.browser
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def acme(db: object, redis: object) -> Organization:
    """An organization to look at."""
    return make_bill("acme", name="Acme Freight")


@pytest.fixture
def people(acme: Organization) -> People:
    """Those who look at it."""
    return make_people(acme, make_bill("other", name="Other Labs"))


@pytest.fixture
def site(services: Worker, worker_id: str, people: People) -> Iterator[Stack]:
    """A web that people reach by a name: no browser keeps passkeys for a bare address."""
    stack = new_stack(services, stack_directory(f"{worker_id}-passkeys"))
    stack.env |= {
        "EXTERNAL_URL": stack.url.replace("127.0.0.1", "localhost"),
        "SECOND_FACTOR_ROLES": "support",
    }
    try:
        start_web(stack)
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def page(browser: Browser, site: Stack) -> Iterator[Page]:
    """An empty tab that stays on this machine."""

    def stay_here(route: Route) -> None:
        is_here = route.request.url.startswith(("http://localhost:", "data:"))
        route.continue_() if is_here else route.abort()

    context = browser.new_context(base_url=site.env["EXTERNAL_URL"])
    context.route("**/*", stay_here)
    yield context.new_page()
    context.close()


@pytest.fixture
def device(page: Page) -> CDPSession:
    """A device with a fingerprint sensor, which is always touched by its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    return session


def add_device(device: CDPSession, **other: object) -> None:
    """Let the browser have such a device."""
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE | other})


def enter_password(page: Page) -> None:
    """Take the first step as support."""
    page.goto("/session/new")
    page.get_by_label("E-mail").fill("support@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_passkey(page: Page) -> None:
    """Add a passkey, as whoever needs one is led to do, and keep the recovery codes."""
    expect(page.get_by_text("Your role needs a second factor.")).to_be_visible()
    assert violations(page) == []
    shoot(page, "factors-needed")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Telephone")
    assert violations(page) == []
    shoot(page, "factors-passkey")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    assert violations(page) == []
    shoot(page, "factors-recovery-codes")
    page.get_by_role("link", name="I have saved the codes").click()
    expect(page.get_by_role("cell", name="Telephone")).to_be_visible()
    shoot(page, "factors")


def test_a_passkey_is_added_and_signs_in_alone_and_as_the_second_step(
    page: Page, device: CDPSession
) -> None:
    add_device(device)
    enter_password(page)
    add_passkey(page)
    sign_out(page)

    shoot(page, "sign-in-passkey")
    assert violations(page) == []
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Needs a person")).to_be_visible()
    sign_out(page)

    enter_password(page)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert violations(page) == []
    shoot(page, "second-step")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Needs a person")).to_be_visible()


def test_a_browser_without_a_passkey_says_so(page: Page, device: CDPSession) -> None:
    add_device(device, isUserVerified=False)
    enter_password(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The browser did not provide a passkey")


def test_an_app_is_scanned(page: Page) -> None:
    enter_password(page)
    page.get_by_role("link", name="Set up app").click()
    expect(page.locator(".qr-frame svg")).to_be_visible()
    assert violations(page) == []
    shoot(page, "factors-app")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(page, "narrow-factors-app")
