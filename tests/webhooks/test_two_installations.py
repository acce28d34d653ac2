"""Two installations on one Stripe account, with the same numbers, do not disturb each other."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from dashboard.app import create_app
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.installation import this_installation
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.handlers import HANDLERS
from dashboard.webhooks.intake import store
from dashboard.webhooks.process import process
from tests.support.billing import make_bill, put
from tests.support.database import copy_database
from tests.support.environment import config
from tests.support.services import Worker
from tests.support.sync_acts import close, pay, seal
from tests.support.syncing import Syncer
from tests.support.template import TEMPLATE


@pytest.fixture
def other(services: Worker) -> Iterator[Flask]:
    """An application with a database of its own, on the same Stripe account."""
    address, _, query = services.database_url.partition("?")
    server, _, name = address.rpartition("/")
    copy_database(f"{server}/{{database}}?{query}", TEMPLATE, f"{name}_other")
    app = create_app(config(f"{server}/{name}_other?{query}", services.redis_url))
    with app.app_context():
        # As after copying a database: the copy is another installation only once it forgets.
        with transaction():
            database.session.execute(text("delete from installations"))
        yield app
        database.session.remove()
        database.engine.dispose()
    app.extensions["redis"].close()


@pytest.fixture
def twin(other: Flask, app: Flask, bill: Invoice) -> Invoice:
    """A bill of the other installation, with the number, organization and e-mail of `bill`."""
    with app.app_context():
        numbers = (bill.id, bill.organization_id)
    with transaction():
        for table, number in zip(("invoices", "organizations"), numbers, strict=True):
            statement = f"alter sequence {table}_id_seq restart with {number}"
            database.session.execute(text(statement))
    made = make_bill()
    assert (made.id, made.organization_id) == numbers
    return made


def sync_losing(loss: str, bill: Invoice, syncer: Syncer) -> list[str | None]:
    """Sync with every create lost and its key forgotten; return the steps' outcomes."""
    with transaction():
        run = request_sync(bill, Request("support"), now=syncer.clock())
    for path in ("/v1/customers$", "/v1/invoices$"):
        rule = syncer.simulator.fault(loss, path, method="POST")
        syncer.carry_out(run)
        syncer.simulator.delete(f"faults/{rule}")
        # By now only a reading tells what the call did, and our own objects are not alone there.
        syncer.ahead += timedelta(hours=24)
    syncer.carry_out(run)
    return [step.outcome for step in run.steps]


def hear_everything(syncer: Syncer) -> None:
    """Store and process every event of the account, as both endpoints get them all."""
    events = syncer.gateway.events_since(utc_now() - timedelta(days=2), tuple(HANDLERS))
    with transaction():
        ids = store(events, source="webhook", now=utc_now())
    for event_id in ids:
        with transaction():
            process(event_id, gateway=syncer.gateway, checkpoint=checkpoint, now=utc_now())


def finish(bill: Invoice, syncer: Syncer) -> None:
    """Close the bill, have it paid, and hear of it."""
    seal(bill)
    close(bill, syncer)
    pay(bill, syncer)
    hear_everything(syncer)
    database.session.refresh(bill)


@pytest.mark.parametrize("loss", ["drop_before", "drop_after"])
def test_each_has_its_own_customer_draft_lines_and_payment(
    app: Flask, syncer: Syncer, bill: Invoice, twin: Invoice, loss: str
) -> None:
    with app.app_context():
        ours = database.session.get_one(Invoice, bill.id)
        put(ours, a=4000)
        syncer.sync(ours)
        identity, stripe_id = this_installation().identity, ours.stripe_invoice_id
    put(twin, a=7000)
    assert sync_losing(loss, twin, syncer).count("read_back") == 2
    assert this_installation().identity != identity
    assert twin.stripe_invoice_id not in (None, stripe_id)
    finish(twin, syncer)
    assert (twin.status, twin.stripe_total_cents) == ("paid", 7000)
    with app.app_context():
        ours = database.session.get_one(Invoice, bill.id)
        hear_everything(syncer)
        assert (ours.status, ours.stripe_invoice_id) == ("draft", stripe_id)
        assert not ours.needs_verification
        finish(ours, syncer)
        assert (ours.status, ours.stripe_total_cents) == ("paid", 4000)
        assert syncer.lines(ours) == {"a": 4000}
        database.session.remove()
    assert syncer.lines(twin) == {"a": 7000}
    assert syncer.simulator.get("audit")["ok"]
