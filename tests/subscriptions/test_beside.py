"""What else meets a bill on a subscription's invoice: holds, restores, proofs, notes and voids."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from dashboard.audit.actor import Actor
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.billing.subscription import take_theirs
from dashboard.clock import utc_now
from dashboard.closing.pause import pause_closings
from dashboard.extensions import db as database
from dashboard.gaps.models import StripeGap
from dashboard.gaps.repair import repair as repair_gap
from dashboard.gateway.records import RemoteInvoice
from dashboard.organizations.models import Organization
from dashboard.restores.compare import of_invoices
from dashboard.restores.repair import _take_draft as take_draft
from dashboard.sync.models import SubscriptionLine, SyncedLine, SyncLease, SyncRun, SyncStep
from dashboard.transaction import checkpoint, transaction
from tests.factories import UserFactory
from tests.pages import page, post, text_of
from tests.people import signed_in
from tests.support.subscriptions import FEE, Subscribed, priced, subscribe, use
from tests.support.syncing import Syncer

ADA = Actor("user", 1, "Ada")
SOON = timedelta(seconds=20)
HOUR = timedelta(hours=1)


def renewal(world: Subscribed) -> RemoteInvoice:
    found = world.syncer.gateway.invoices_of_subscription(world.subscription)
    return next(one for one in found if one.billing_reason == "subscription_cycle")


def claimed(world: Subscribed, **cents: int) -> Invoice:
    bill = use(world, **cents)
    world.advance(bill.period_end + SOON)
    world.tick()
    world.hear()
    assert bill.billed_with == "claimed"
    return bill


def test_a_draft_is_held_even_while_closings_are(world: Subscribed) -> None:
    bill = use(world, a=4000)
    world.advance(bill.period_end + SOON)
    world.roll_and_seal()
    with transaction():
        bill.status = "sealed"
        take_theirs(bill, renewal(world), now=world.now)
        pause_closings(until=world.now + 20 * HOUR, reason="Wait.", actor=ADA, now=world.now)
    run = world.syncer.sync(bill, "final", verify=True)
    assert (run.state, run.error_code) == ("retrying", "closings_held")
    assert bill.billed_with == "claimed"
    shown = world.stripe("GET", f"invoices/{bill.stripe_invoice_id}")
    assert shown["metadata"]["dashboard_invoice"] == str(bill.id)
    # Where we die during the hold Stripe issues the subscription's share, after it.
    at = shown["automatically_finalizes_at"]
    assert at is not None
    assert at > (world.now + 20 * HOUR).timestamp()


def test_a_bill_on_hold_leaves_the_subscriptions_money_alone(world: Subscribed) -> None:
    bill = use(world, a=4000)
    with transaction():
        put_on_hold(bill, "test", "Held by a test.", now=world.now)
    world.advance(bill.period_end + SOON)
    world.roll_and_seal()
    world.hear()
    assert (bill.billed_with, bill.parked_code) == ("alone", "test")
    assert "dashboard_invoice" not in renewal_shown(world)["metadata"]
    assert renewal_shown(world)["auto_advance"]


def renewal_shown(world: Subscribed) -> Any:
    return world.stripe("GET", f"invoices/{renewal(world).id}")


def forget(bill: Invoice) -> None:
    """Put the ledger back to before the bill took the subscription's invoice."""
    with transaction():
        for table in (SyncedLine, SubscriptionLine, SyncStep, SyncRun, SyncLease):
            database.session.query(table).filter_by(invoice_id=bill.id).delete()
        bill.billed_with, bill.theirs_cents = "waits", 0
        bill.stripe_invoice_id = bill.stripe_status = bill.stripe_total_cents = None
        bill.synced_revision = bill.synced_total_cents = 0


def test_after_a_restore_a_claimed_draft_is_known_again(world: Subscribed) -> None:
    bill = claimed(world, a=4000)
    stripe_id = str(bill.stripe_invoice_id)
    forget(bill)
    [found] = of_invoices([world.syncer.gateway.invoice(stripe_id)])
    assert found.kind == "draft"
    with transaction():
        assert take_draft(stripe_id, world.syncer.gateway, world.now)
    assert (bill.billed_with, bill.stripe_invoice_id) == ("claimed", stripe_id)
    world.advance(bill.period_end + 2 * HOUR)
    world.tick()
    assert (bill.status, bill.parked_reason) == ("open", None)
    assert (bill.theirs_cents, world.billed()) == (FEE, {"a": 4000})


def test_after_a_restore_an_issued_one_is_taken_over_from_its_event(world: Subscribed) -> None:
    bill = claimed(world, a=4000)
    world.stripe("POST", f"invoices/{bill.stripe_invoice_id}/finalize")
    forget(bill)
    world.hear()
    world.tick()
    assert (bill.billed_with, bill.status) == ("claimed", "open")
    assert (bill.theirs_cents, world.billed()) == (FEE, {"a": 4000})


def test_a_subscriptions_draft_of_no_invoice_here_is_never_deleted(world: Subscribed) -> None:
    bill = claimed(world, a=4000)
    shown = world.stripe(
        "POST",
        f"invoices/{bill.stripe_invoice_id}",
        **{"metadata[dashboard_invoice]": "999999"},
    )
    forget(bill)
    [found] = of_invoices([world.syncer.gateway.invoice(shown["id"])])
    assert found.kind == "lost_share"


@pytest.fixture
def idle(app: Flask, db: object, redis: Redis) -> FlaskClient:
    """The browser of a support agent who signed in long ago."""
    with transaction():
        agent = UserFactory(role="support").id
    return signed_in(app, agent, proved_at=utc_now() - HOUR)


def linked() -> str | None:
    database.session.expire_all()
    found = database.session.query(Organization).filter_by(slug="acme").one()
    return found.stripe_subscription_id


@pytest.mark.parametrize(("cents", "asked"), [(100_001, True), (99_999, False)])
def test_linking_that_ends_a_large_cycle_early_asks_who_it_is(
    db: object,
    syncer: Syncer,
    app: Flask,
    idle: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    cents: int,
    asked: bool,
) -> None:
    monkeypatch.setitem(app.extensions, "page_gateway", syncer.gateway)
    world = subscribe(syncer, linked=False)
    use(world, a=cents)
    sooner = int((world.now + timedelta(days=1)).timestamp())
    customer = str(world.organization.stripe_customer_id)
    made = world.stripe(
        "POST", "subscriptions", customer=customer, billing_cycle_anchor=sooner, **priced(100)
    )
    form = {"subscription": made["id"], "reason": "They asked."}
    where = f"/organizations/acme/subscription?subscription={made['id']}"
    seen = page(idle.get(where)).find("input", attrs={"name": "seen"})["value"]
    answer = post(idle, "/organizations/acme/subscription", seen=seen, **form)
    assert answer.status_code == (403 if asked else 303)
    assert (linked() is None) is asked


class Portal:
    """A gateway that opens the portal."""

    def portal_url(self, customer_id: str, **_rest: Any) -> str:
        """Return the address for the customer."""
        return f"https://billing.stripe.com/p/{customer_id}"


def test_the_portal_opens_while_the_bill_waits(
    world: Subscribed, app: Flask, idle: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "page_gateway", Portal())
    bill = use(world, a=4000)
    assert bill.billed_with == "waits"
    answer = post(idle, "/organizations/acme/portal-sessions")
    assert str(answer.location).startswith("https://billing.stripe.com/p/")
    assert database.session.query(SyncRun).count() == 0


def test_a_lost_customer_is_repaired_without_a_sync_while_the_bill_waits(
    world: Subscribed,
) -> None:
    now = world.now
    with transaction():
        gap = StripeGap(
            kind="lost_customer",
            stripe_id=str(world.organization.stripe_customer_id),
            organization_id=world.organization.id,
            told="x",
            first_seen_at=now,
            last_seen_at=now,
        )
        database.session.add(gap)
    done = repair_gap(gap.id, gateway=world.syncer.gateway, now=now, checkpoint=checkpoint)
    assert done.runs == []


def test_pages_say_that_it_waits(world: Subscribed, idle: FlaskClient) -> None:
    use(world, a=4000)
    text = text_of(page(idle.get("/organizations/acme")))
    assert "waits for the subscription's next invoice" in text
    assert "The next sync is late" not in text
    assert "Next sync" not in text
    assert "With subscription" in text_of(page(idle.get("/organizations")))
