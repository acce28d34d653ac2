"""The story of signing in by a real provider: invited, signed in, refused, and known again."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from playwright.sync_api import Browser, Page, Route, expect
from redis import Redis
from sqlalchemy import select

from dashboard.accounts.invitations import invitation_token, invite
from dashboard.accounts.models import User
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from demo.up.probes import answers
from tests.support.browser import shoot
from tests.support.every_page import violations
from tests.support.services import Worker
from tests.support.stack import Stack, free_port, new_stack, stack_directory, start_web
from tests.support.visitors import open_account, sign_out

pytestmark = pytest.mark.browser


@dataclass
class Site:
    """The product where only a provider signs people in, and that provider."""

    stack: Stack
    provider: str

    def knows(self, subject: str, **claims: Any) -> None:
        """Let the provider say this of somebody."""
        request = urllib.request.Request(  # noqa: S310  on this machine
            f"{self.provider}/users/{subject}",
            method="PUT",
            data=json.dumps(claims).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            assert answer.status == 204


@pytest.fixture
def site(services: Worker, worker_id: str, db: SQLAlchemy, redis: Redis) -> Iterator[Site]:
    """A web whose settings name a real provider, and no passwords."""
    stack = new_stack(services, stack_directory(f"{worker_id}-sign-on"))
    provider = f"http://127.0.0.1:{free_port()}"
    stack.env |= {
        "EXTERNAL_URL": stack.url,
        "PASSWORD_SIGN_IN": "false",
        "OIDC_ISSUER": provider,
        "OIDC_CLIENT_ID": "billing",
        "OIDC_CLIENT_SECRET": "a secret of the tests",
        "OIDC_NAME": "Acme",
        "OIDC_ROLES_CLAIM": "groups",
        "OIDC_ROLES": "help-desk=support",
    }
    port = provider.rsplit(":", 1)[1]
    there = answers(f"{provider}/.well-known/openid-configuration")
    try:
        stack.start("provider", "oidc_provider_mock", "--port", port, ready=there)
        start_web(stack)
        yield Site(stack, provider)
    finally:
        stack.stop()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """An empty tab; the provider's page does without the style that it would fetch from afar."""

    def stay_here(route: Route) -> None:
        is_here = route.request.url.startswith(("http://127.0.0.1:", "data:"))
        route.continue_() if is_here else route.abort()

    context = browser.new_context(base_url=site.stack.url)
    context.route("**/*", stay_here)
    yield context.new_page()
    context.close()


def consent(page: Page, subject: str) -> None:
    """Say at the provider who one is."""
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def test_somebody_is_invited_signs_in_by_the_provider_and_is_known_again(
    page: Page, site: Site
) -> None:
    come_in_by_an_invitation(page, site)
    refuse(page)
    be_known_by_another_e_mail(page, site)
    stay_outside_as_a_stranger(page)


def come_in_by_an_invitation(page: Page, site: Site) -> None:
    """The link of an invitation leads to the provider, and back inside."""
    site.knows("0001", email="sue@acme.com", email_verified=True, name="Sue", groups=["help-desk"])
    with transaction():
        invitation = invite("sue@acme.com", "support", actor=SYSTEM, now=utc_now())
    secret = invitation_token(invitation, [site.stack.env["SECRET_KEY"]])
    page.goto(f"/invitation?secret={secret}")
    shoot(page, "sign-on-invitation")
    assert violations(page) == []
    page.get_by_role("link", name="Sign in with Acme").click()
    consent(page, "0001")
    page.wait_for_url("**/needs")
    open_account(page)
    expect(page.get_by_text("sue@acme.com")).to_be_visible()
    sign_out(page)


def refuse(page: Page) -> None:
    """Who says no at the provider is outside, and reads so."""
    expect(page.get_by_label("Password")).to_have_count(0)
    shoot(page, "sign-on")
    assert violations(page) == []
    page.get_by_role("link", name="Sign in with Acme").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("alert")).to_contain_text("Acme did not allow it")
    shoot(page, "sign-on-refused")


def be_known_by_another_e_mail(page: Page, site: Site) -> None:
    """An e-mail that changed keeps the person; the groups that were lost do not keep the role."""
    site.knows("0001", email="susan@acme.com", email_verified=True, name="Sue", groups=[])
    page.get_by_role("link", name="Sign in with Acme").click()
    consent(page, "0001")
    open_account(page)
    expect(page.get_by_text("susan@acme.com").first).to_be_visible()
    database.session.expire_all()
    [person] = database.session.scalars(select(User))
    assert (person.email, person.role) == ("susan@acme.com", "customer")
    sign_out(page)


def stay_outside_as_a_stranger(page: Page) -> None:
    """Who was never invited reads so."""
    page.get_by_role("link", name="Sign in with Acme").click()
    consent(page, "stranger@acme.com")
    expect(page.get_by_role("alert")).to_contain_text("not verified that stranger@acme.com")
