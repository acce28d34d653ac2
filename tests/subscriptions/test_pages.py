"""The organization's subscription: seen, linked and unlinked by page and by API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.factories import UserFactory
from tests.pages import page, post, text_of
from tests.people import signed_in
from tests.support.subscriptions import FEE, Subscribed, subscribe, use
from tests.support.syncing import Syncer

PAGE = "/organizations/acme/subscription"
HOUR = timedelta(hours=1)


@pytest.fixture
def apart(db: object, syncer: Syncer, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Subscribed:
    """An organization beside its subscription, and pages that ask the simulator."""
    monkeypatch.setitem(app.extensions, "page_gateway", syncer.gateway)
    return subscribe(syncer, linked=False)


@pytest.fixture
def support(app: Flask, db: object, redis: Redis) -> FlaskClient:
    """The browser of a support agent."""
    with transaction():
        agent = UserFactory(role="support").id
    return signed_in(app, agent)


def linked() -> str | None:
    db.session.expire_all()
    return db.session.query(Organization).filter_by(slug="acme").one().stripe_subscription_id


def test_linking_is_previewed_then_done(apart: Subscribed, support: FlaskClient) -> None:
    answer = support.get(f"{PAGE}?subscription={apart.subscription}")
    page(answer)
    text = answer.text
    assert "Link the subscription" in text
    seen = text.split('name="seen"')[1].split('value="')[1].split('"')[0]
    form = {"subscription": apart.subscription, "seen": seen, "reason": "They asked."}
    assert post(support, PAGE, **form).status_code == 303
    assert linked() == apart.subscription
    # Sent twice it changes nothing, and the page now says what it is billed with.
    assert post(support, PAGE, **form).status_code == 303
    assert "Billed with a subscription" in text_of(page(support.get(PAGE)))
    assert post(support, f"{PAGE}/end", reason="Over.").status_code == 303
    assert linked() is None


@pytest.mark.parametrize(
    "odd", ["", "in_1", "sub_", "sub_é", "sub_1/cancel", "sub_" + "x" * 99, "sub_\x00", "../v1"]
)
def test_what_is_no_subscription_is_said_by_the_field(
    apart: Subscribed, support: FlaskClient, odd: str
) -> None:
    assert support.get(PAGE, query_string={"subscription": odd}).status_code == 422
    assert post(support, PAGE, subscription=odd, reason="x").status_code == 422
    assert linked() is None


def test_one_that_is_not_there_is_refused(apart: Subscribed, support: FlaskClient) -> None:
    answer = support.get(PAGE, query_string={"subscription": "sub_unknown"})
    assert "Stripe has no subscription sub_unknown" in text_of(page(answer, 422))


def test_an_old_preview_links_nothing(apart: Subscribed, support: FlaskClient) -> None:
    form = {"subscription": apart.subscription, "seen": "old", "reason": "x"}
    assert post(support, PAGE, **form).status_code == 409
    assert linked() is None


def test_the_issued_invoice_says_whose_its_lines_are(
    world: Subscribed, support: FlaskClient
) -> None:
    bill = use(world, a=4000)
    world.advance(bill.period_end + timedelta(seconds=20))
    world.tick()
    world.hear()
    world.advance(bill.period_end + 2 * HOUR)
    world.tick()
    text = text_of(page(support.get("/organizations/acme/invoices/1")))
    assert "On the same invoice" in text
    assert "139.00" in text
    assert "with $99.00 of the subscription" in text
    assert "Our lines on the subscription's invoice equal the ledger." in text
    assert bill.theirs_cents == FEE
