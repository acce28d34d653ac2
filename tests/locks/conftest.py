"""A database that looks for deadlocks at once, and a simulator that everybody shares."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

from dashboard.gateway.customer_records import CustomerDraft
from dashboard.gateway.records import InvoiceDraft
from dashboard.gateway.stripe import StripeGateway
from tests.locks.stage import Stage, make_stage
from tests.support.events import invoice_json
from tests.support.simulator import SimulatorControl, running_simulator
from tests.support.syncing import gateway_to

# A deadlock shows after 20 ms instead of a second; a lock that nobody lets go after five.
IMPATIENT = {"deadlock_timeout": "'20ms'", "lock_timeout": "'5s'", "statement_timeout": "'10s'"}


@pytest.fixture(scope="session")
def simulator() -> Iterator[SimulatorControl]:
    """A simulator on threads of this process."""
    with running_simulator(check_replies=False) as control:
        yield control


@pytest.fixture(scope="session")
def gateway(simulator: SimulatorControl) -> StripeGateway:
    """The product's gateway to the simulator."""
    return gateway_to(simulator.url)


@pytest.fixture(scope="session")
def sample(simulator: SimulatorControl, gateway: StripeGateway) -> dict[str, Any]:
    """An invoice of somebody's as Stripe shows it."""
    customer = gateway.create_customer(CustomerDraft("0", "Sample", "s@example.com"), key="sample")
    draft = InvoiceDraft(customer.id, "0", "usd", "charge_automatically", None, None, "Sample")
    return invoice_json(simulator.url, gateway.create_invoice(draft, key="sample-invoice").id)


@pytest.fixture
def impatient(db: SQLAlchemy) -> Iterator[SQLAlchemy]:
    """A database whose sessions do not wait long for a lock."""
    _alter(db, "set {} = {}", IMPATIENT)
    yield db
    db.session.rollback()
    _alter(db, "reset {}", IMPATIENT)


def _alter(db: SQLAlchemy, what: str, settings: dict[str, str]) -> None:
    name = db.engine.url.database
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for setting, value in settings.items():
            connection.execute(text(f'alter database "{name}" {what.format(setting, value)}'))
    db.engine.dispose()


@pytest.fixture
def stage(impatient: SQLAlchemy, gateway: StripeGateway, sample: dict[str, Any]) -> Stage:
    """Two organizations in the middle of their bills."""
    return make_stage(gateway, sample)


@pytest.fixture
def postgres_log() -> Path:
    """What the test's server writes down; a deadlock anywhere in it is one too many."""
    return Path(os.environ["TESTS_POSTGRES_LOG"])
