"""What befell some of them besides their bills: the states that somebody has to deal with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from dashboard.accounts.models import User
from dashboard.approvals.propose import Wanted, propose
from dashboard.audit.actor import Actor
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.services.detach import detach_service
from dashboard.services.models import Service
from dashboard.transaction import transaction
from dashboard.webhooks.inbox import ATTEMPTS
from dashboard.webhooks.models import WebhookEvent
from demo.accounts import DEMO
from demo.organizations import FAILING_CARD, DemoOrganization
from demo.past.world import World, account
from demo.stripe import add_line_at_stripe, good, pay_with
from demo.users import email_of

# Above the demo's limit, for as long as the second person of a deployment has.
PROPOSED_CENTS, PROPOSED_FOR = 125_000, timedelta(hours=72)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Act = Callable[[World, DemoOrganization], None]


class Scene(NamedTuple):
    """Something that happens so long after the last close; None: today, at the very end."""

    after: timedelta | None
    act: Act


def card_fails(world: World, wanted: DemoOrganization) -> None:
    """The customer's new card is one that the bank declines."""
    pay_with(world.stripe, customer_of(wanted), FAILING_CARD)
    world.listen()


def card_expires(world: World, wanted: DemoOrganization) -> None:
    """The card is good until the end of this month, and the next charge comes after that."""
    [card] = account(wanted.slug).cards.values()
    month = {"exp_month": world.now.month, "exp_year": world.now.year}
    good(world.stripe.post(f"payment_methods/{card['id']}", card=month))
    world.listen()


def line_is_added(world: World, wanted: DemoOrganization) -> None:
    """Somebody at Stripe adds a line to the draft just before its final comparison."""
    invoice = current_invoice(account(wanted.slug))
    world.sync(invoice)
    add_line_at_stripe(world.stripe, str(invoice.stripe_invoice_id))


def invoice_is_voided(world: World, wanted: DemoOrganization) -> None:
    """The last invoice, not paid yet, is voided at Stripe."""
    _end_last(world, wanted, "void")


def invoice_is_given_up(world: World, wanted: DemoOrganization) -> None:
    """The last invoice, declined ever again, is marked uncollectible at Stripe."""
    _end_last(world, wanted, "mark_uncollectible")


def invoice_is_paid_by_transfer(world: World, wanted: DemoOrganization) -> None:
    """The last invoice is paid by a bank transfer, which is noted at Stripe."""
    invoice = last_of(wanted)
    if invoice.status == "open":
        name = f"invoices/{invoice.stripe_invoice_id}/pay"
        good(world.stripe.post(name, paid_out_of_band=True))
        world.listen()


def credit_is_given(world: World, wanted: DemoOrganization) -> None:
    """More is given back than the cycle comes to: what is left is kept at Stripe for the next."""
    with transaction():
        add_adjustment(
            current_invoice(account(wanted.slug)),
            Money(-150_000, wanted.currency),
            reason="Demo: two weeks in which nothing sailed.",
            description="Credit for the lost fortnight",
            actor=DEMO,
            now=world.now,
            key="demo-past-credit",
        )


def money_goes_back(world: World, wanted: DemoOrganization) -> None:
    """A part of the last invoice is credited and refunded."""
    invoice = last_of(wanted)
    asked: dict[str, Any] = {
        "invoice": invoice.stripe_invoice_id,
        "amount": 2_500,
        "refund_amount": 2_500,
    }
    good(world.stripe.post("credit_notes", **asked))
    world.listen()


def bank_asks_for_it(world: World, wanted: DemoOrganization) -> None:
    """The bank disputes what was paid for the last invoice."""
    listed = good(world.stripe.get("invoice_payments", invoice=last_of(wanted).stripe_invoice_id))
    intent = listed["data"][0]["payment"]["payment_intent"]
    world.control("disputes", payment_intent=intent)
    world.listen()


def service_ended_earlier(world: World, wanted: DemoOrganization) -> None:
    """The end of a metered service is told two days late: its usage since then is taken off."""
    name = wanted.meters[0].external_id
    with transaction():
        query = select(Service).where(
            Service.organization_id == account(wanted.slug).id, Service.external_id == name
        )
        service = db.session.scalars(query).one()
        detach_service(service, at=world.now - 2 * DAY, now=world.now, actor=DEMO)


def name_is_changed(world: World, wanted: DemoOrganization) -> None:
    """The customer is renamed at Stripe, and what the event leads to is refused until it is dead.

    A replay today goes through.
    """
    customer_id = customer_of(wanted)
    refusal = {"kind": "error_before", "path": f"/v1/customers/{customer_id}", "method": "GET"}
    good(world.stripe.post(f"customers/{customer_id}", name=f"{wanted.name} Holdings"))
    world.control("faults", **refusal, status=400)
    try:
        world.listen()
        for _ in range(ATTEMPTS):
            world.wait(seconds=10)
            for event_id in _failed():
                world.handle(event_id)
    finally:
        world.lift_faults()


def credit_is_proposed(world: World, wanted: DemoOrganization) -> None:
    """Support proposes a credit above the limit, and waits for a second person."""
    email = email_of("support")
    with transaction():
        by = db.session.scalars(select(User.id).where(User.email == email)).one()
        terms = {"description": "Credit for the failed migration"}
        amount = Money(-PROPOSED_CENTS, wanted.currency)
        propose(
            account(wanted.slug),
            Wanted("adjustment", "form:demo", amount, terms, "Demo: agreed with their finance."),
            actor=Actor("user", by, email),
            now=world.now,
            ends_after=PROPOSED_FOR,
        )


STORIES: dict[str, tuple[Scene, ...]] = {
    "declined": (Scene(-HOUR, card_fails),),
    "unpaid": (Scene(-HOUR, card_fails), Scene(16 * DAY, invoice_is_given_up)),
    "void": (Scene(4 * DAY, invoice_is_voided),),
    "on_hold": (Scene(-HOUR, line_is_added),),
    "credited": (Scene(-DAY, credit_is_given),),
    "money_back": (Scene(3 * DAY, money_goes_back), Scene(9 * DAY, bank_asks_for_it)),
    "renamed": (Scene(2 * DAY, name_is_changed),),
    "expiring": (Scene(None, card_expires),),
    "taken_off": (Scene(None, service_ended_earlier),),
    "proposed": (Scene(None, credit_is_proposed),),
    "closing": (),
}


def customer_of(wanted: DemoOrganization) -> str:
    """Return the organization's customer at Stripe."""
    return str(account(wanted.slug).stripe_customer_id)


def last_of(wanted: DemoOrganization) -> Invoice:
    """Return the organization's last invoice before the current one."""
    query = select(Invoice).where(
        Invoice.organization_id == account(wanted.slug).id, Invoice.status != "draft"
    )
    newest = query.order_by(Invoice.sequence.desc()).limit(1)
    return db.session.scalars(newest.execution_options(populate_existing=True)).one()


def _end_last(world: World, wanted: DemoOrganization, how: str) -> None:
    invoice = last_of(wanted)
    if invoice.status == "open":
        good(world.stripe.post(f"invoices/{invoice.stripe_invoice_id}/{how}"))
        world.listen()


def _failed() -> list[int]:
    query: Any = select(WebhookEvent.id).where(WebhookEvent.state == "failed")
    return list(db.session.scalars(query))
