"""The life of one organization in the past: made, billed cycle by cycle, and where it is today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.close import seal
from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import count_waiting
from dashboard.billing.locks import lock_open
from dashboard.billing.models import Invoice
from dashboard.billing.period import Period
from dashboard.billing.policy import current_policy, set_policy
from dashboard.billing.roll import roll_over
from dashboard.budgets.change import set_budget
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.create import NewOrganization, create_organization
from dashboard.organizations.models import Organization
from dashboard.pricing.catalog import prices_by_code
from dashboard.services.attach import attach_services
from dashboard.services.known import Attachment
from dashboard.sync.request import Request
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from demo.accounts import DEMO
from demo.ledger import BATCH, batches, credit
from demo.organizations import DemoOrganization
from demo.past.world import World, account
from demo.services import DemoService
from demo.stripe import leave_bill_to, leave_card
from demo.usage import HISTORY_STEP, entry, instants

DAY = timedelta(days=1)
# Of what is long over a record a day tells enough.
STEP_BEFORE = DAY
FINAL = Request("final", verify=True)


def begin(world: World, wanted: DemoOrganization) -> None:
    """Make the organization with its services; a first sync makes its customer, who has a card."""
    first = wanted.cycles_before(world.today)[0]
    facts = wanted.body(world.today) | {"cycle_anchor_at": wanted.anchor(world.today)}
    with transaction():
        made = create_organization(NewOrganization(**facts), now=world.now, actor=DEMO)
        attach(world, made.organization, wanted, Period(first.start, first.start))
        invoice = current_invoice(made.organization)
    world.sync(invoice)
    if wanted.card is not None:
        leave_card(world.stripe, str(account(wanted.slug).stripe_customer_id), wanted.card)
    if wanted.bill_to is not None:
        customer_id = str(account(wanted.slug).stripe_customer_id)
        leave_bill_to(world.stripe, customer_id, wanted.bill_to)
    world.listen()


def bill(world: World, wanted: DemoOrganization, cycle: Period) -> None:
    """End a cycle: its usage, the next invoice, the seal after the grace, the bill at Stripe."""
    organization = account(wanted.slug)
    with transaction():
        report(world, wanted, cycle, STEP_BEFORE)
        ended = current_invoice(organization)
        if ended.period_end <= world.now:
            roll_over(organization, now=world.now)
    world.wait(seconds=current_policy().closing_grace_seconds)
    finish(world, wanted)


def leave_closing(world: World, wanted: DemoOrganization, cycle: Period) -> None:
    """End a cycle with an hour for late usage, of which most is still to come today."""
    with transaction():
        report(world, wanted, cycle, STEP_BEFORE)
    # As the hourly syncs did: what nothing has changed since must not look a month late.
    world.sync(current_invoice(account(wanted.slug)))
    usual = current_policy()
    set_policy(replace(usual, closing_grace_seconds=3600))
    try:
        with transaction():
            roll_over(account(wanted.slug), now=world.now)
    finally:
        set_policy(usual)


def finish(world: World, wanted: DemoOrganization) -> None:
    """Seal what had its grace, issue what is sealed, and hear that it was paid."""
    for invoice in unfinished(wanted, "closing"):
        with transaction():
            seal([invoice.id], now=world.now)
    for invoice in unfinished(wanted, "sealed"):
        world.sync(invoice, FINAL)
    # Stripe's own attempt follows a second later.
    world.wait(seconds=5)
    world.listen()


def unfinished(wanted: DemoOrganization, status: str) -> Sequence[Invoice]:
    """Return the invoices of an organization in a state before the end, as they are now."""
    query = select(Invoice).where(
        Invoice.organization_id == account(wanted.slug).id,
        Invoice.status == status,
        Invoice.parked_at.is_(None),
    )
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def arrive(world: World, wanted: DemoOrganization) -> None:
    """Bring the present cycle to today: services that came meanwhile, usage, credit and budget.

    And tell the simulator, so that the two are equal when somebody looks.
    """
    organization = account(wanted.slug)
    with transaction():
        start = current_invoice(organization).period_start
        attach(world, organization, wanted, Period(start, world.now))
        report(world, wanted, Period(start, world.now), HISTORY_STEP)
        count_waiting(lock_open({organization.id}), now=world.now)
        if wanted.credit_cents:
            given = credit(wanted)
            cents = given.pop("amount_cents")
            invoice = current_invoice(organization)
            money = Money(cents, wanted.currency)
            add_adjustment(invoice, money, actor=DEMO, now=world.now, **given)
        if wanted.budget_cents:
            set_budget(organization, wanted.budget_cents, now=world.now, actor=DEMO)
    world.sync(current_invoice(account(wanted.slug)))


def attach(
    world: World, organization: Organization, wanted: DemoOrganization, span: Period
) -> None:
    """Attach what begins in a span of time; one without length is where the first cycle begins."""
    new = [
        (service, at)
        for service in wanted.services
        if span.start <= (at := begins(world, wanted, service)) <= span.end
    ]
    prices = prices_by_code([service.price for service, _ in new])
    asked = [
        (
            prices[service.price],
            Attachment(Decimal(service.quantity), at, service.label, service.external_id),
        )
        for service, at in new
    ]
    if asked:
        attach_services(organization, asked, now=world.now, actor=DEMO)


def begins(world: World, wanted: DemoOrganization, service: DemoService) -> datetime:
    """Return since when there is a service: some came only in the present cycle."""
    cycles = wanted.cycles_before(world.today)
    is_new = service.after_days > 0 and wanted.ends_in_seconds is None
    return cycles[-1].end + service.after_days * DAY if is_new else cycles[0].start


def report(world: World, wanted: DemoOrganization, span: Period, step: timedelta) -> None:
    """Report the usage of a span of time; what was reported before counts once."""
    for batch in batches(usage(world, wanted, span, step), BATCH):
        record_batch(batch, now=world.now)


def usage(
    world: World, wanted: DemoOrganization, span: Period, step: timedelta
) -> Iterator[ReportedRecord]:
    """Yield the usage of a span of time, a record for each step and metered service."""
    seconds = int(step.total_seconds())
    for at in instants(span.start, span.end, step):
        for service in wanted.meters:
            percent = wanted.percent_at(service, at, now=world.today)
            told = entry(wanted, service, at, seconds=seconds, origin="history", percent=percent)
            said = {"quantity": Decimal(told["quantity"]), "recorded_at": at}
            yield ReportedRecord(**(told | said))
