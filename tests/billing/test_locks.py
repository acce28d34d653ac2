"""The locks of the ledger hold up who writes the same rows, and nobody who refers to them."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from dashboard.billing.locks import (
    hold_invoice,
    lock_invoice,
    lock_invoices,
    lock_open,
    lock_row,
    read_held,
)
from dashboard.billing.models import Invoice
from dashboard.errors import NotFound
from dashboard.extensions import db as database
from dashboard.rehearsal import rehearsal
from dashboard.transaction import checkpoint
from tests.support.billing import make_bill
from tests.support.queries import count_queries

LOCKS: dict[str, Callable[[Invoice], object]] = {
    "lock_row": lock_row,
    "hold_invoice": lambda bill: hold_invoice(bill.id),
    "lock_invoice": lambda bill: lock_invoice(bill.id),
    "lock_invoices": lambda bill: lock_invoices([bill.id]),
    "lock_open": lambda bill: lock_open({bill.organization_id}),
}
ONE = "select 1 from invoices where id = :id"
FAIL = "update invoices set payment_failure = 'No' where id = :id"


@pytest.fixture
def bill(db: object) -> Invoice:
    """A draft that is committed."""
    return make_bill()


@pytest.fixture
def other(app: Flask) -> Iterator[Connection]:
    """Somebody else's connection."""
    with database.engine.connect() as connection:
        yield connection


def gets(other: Connection, bill: Invoice, strength: str) -> bool:
    """Return whether somebody else gets a lock of that strength on the row at once."""
    try:
        other.execute(text(f"{ONE} for {strength} nowait"), {"id": bill.id})
    except OperationalError:
        return False
    finally:
        other.rollback()
    return True


@pytest.mark.parametrize("name", LOCKS)
def test_who_refers_to_a_locked_row_does_not_wait_and_who_writes_it_does(
    bill: Invoice, other: Connection, name: str
) -> None:
    LOCKS[name](bill)
    assert gets(other, bill, "key share")
    assert not gets(other, bill, "no key update")
    assert not gets(other, bill, "share")
    database.session.rollback()
    assert gets(other, bill, "update")


@pytest.mark.parametrize("name", sorted(LOCKS.keys() - {"hold_invoice"}))
def test_a_locked_row_is_read_as_it_is_now(bill: Invoice, other: Connection, name: str) -> None:
    assert bill.payment_failure is None
    other.execute(text(FAIL), {"id": bill.id})
    other.commit()
    LOCKS[name](bill)
    assert bill.payment_failure == "No"


def test_locking_a_row_keeps_what_was_changed_and_not_written_yet(bill: Invoice) -> None:
    bill.payment_failure = "Declined"
    lock_row(bill)
    assert bill.payment_failure == "Declined"


@pytest.mark.parametrize("name", LOCKS)
def test_a_rehearsal_locks_nothing(bill: Invoice, other: Connection, name: str) -> None:
    with rehearsal():
        LOCKS[name](bill)
        assert gets(other, bill, "update")


def test_without_waiting_what_somebody_holds_is_left_out(bill: Invoice, other: Connection) -> None:
    free = make_bill("free")
    other.execute(text(f"{ONE} for update"), {"id": bill.id})
    assert lock_invoices([bill.id, free.id], wait=False) == [free]


def test_only_open_invoices_after_one_are_locked(bill: Invoice, other: Connection) -> None:
    assert lock_open({bill.organization_id}, after=bill.id) == []
    assert gets(other, bill, "update")
    assert lock_open({bill.organization_id}, after=bill.id - 1) == [bill]
    bill.status = "sealed"
    database.session.flush()
    assert lock_open({bill.organization_id}) == []


def test_an_invoice_that_does_not_exist_is_not_locked(db: object) -> None:
    with pytest.raises(NotFound, match=r"There is no invoice 7000\. Nothing was changed\."):
        lock_invoice(7000)
    assert lock_invoices([7000]) == []


def test_a_held_invoice_that_nobody_else_wrote_is_not_read_again(
    bill: Invoice, other: Connection
) -> None:
    hold_invoice(bill.id)
    bill.payment_failure = "Ours"
    checkpoint()
    with count_queries(database.engine) as queries:
        hold_invoice(bill.id)
        read_held(bill)
    assert len(queries.statements) == 1
    assert bill.payment_failure == "Ours"
    checkpoint()
    other.execute(text(FAIL), {"id": bill.id})
    other.commit()
    hold_invoice(bill.id)
    assert bill.payment_failure == "No"


def test_what_was_undone_is_not_taken_for_what_is_known(bill: Invoice, other: Connection) -> None:
    hold_invoice(bill.id)
    bill.payment_failure = "Ours"
    database.session.flush()
    database.session.rollback()
    hold_invoice(bill.id)
    assert bill.payment_failure is None
    database.session.rollback()
    hold_invoice(bill.id)
    with database.session.begin_nested():
        other_failure(bill, "From a savepoint")
    checkpoint()
    hold_invoice(bill.id)
    assert bill.payment_failure == "From a savepoint"


def other_failure(bill: Invoice, words: str) -> None:
    """Change the row past the session."""
    change = text("update invoices set payment_failure = :words where id = :id")
    database.session.connection().execute(change, {"words": words, "id": bill.id})
