"""What was apart before a restore is none of it, and the object of a mark is no customer."""

from datetime import timedelta

from sqlalchemy import select

from dashboard.billing.draft import current_invoice
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.gaps.compare import customer_gaps
from dashboard.gateway.customer_records import RemoteCustomer
from dashboard.gateway.records import RemoteInvoice
from dashboard.installation import Installation
from dashboard.organizations.models import Organization
from dashboard.restores.compare import of_customers, of_invoices
from dashboard.restores.held import is_held, is_restored
from dashboard.restores.notice import MARGIN
from dashboard.restores.release import release_if_nothing_is_apart
from dashboard.transaction import checkpoint, transaction
from tests.support.restores import keep, look, put_back, restored, row
from tests.support.syncing import Syncer


def test_a_ledger_of_before_its_first_mark_is_noticed(acme: Organization, syncer: Syncer) -> None:
    keep(syncer)
    made = row()["stripe_id"]
    put_back({"stripe_id": None, "names": [], "step_id": 0, "confirmed_at": None})
    assert "lost_customer" not in [one.kind for one in of_customers(shown(syncer))]
    assert list(customer_gaps(shown(syncer))) == []
    keep(syncer)
    assert is_restored()
    assert row()["stripe_id"] == made


def shown(syncer: Syncer) -> list[RemoteCustomer]:
    whose = database.session.scalars(select(Installation.identity)).one()
    database.session.rollback()
    return list(syncer.gateway.customers_page(whose, after=None).items)


def test_a_ledger_whose_object_was_forgotten_is_not_held_over_it(
    acme: Organization, syncer: Syncer
) -> None:
    keep(syncer)
    # As after another account, whose key was in use for a while.
    put_back({"stripe_id": None, "names": [], "step_id": 0})
    keep(syncer)
    assert not is_held()


def test_what_was_apart_before_keeps_no_change_of_servers_held(
    acme: Organization, syncer: Syncer
) -> None:
    # An old second draft of its invoice: found apart long ago, and nothing of the failover.
    invoice = current_invoice(acme)
    with transaction():
        invoice.stripe_invoice_id = "in_its_own"
    assert [one.kind for one in of_invoices(drafts(syncer))] == ["second_draft"]
    database.session.rollback()
    restored(utc_now() + MARGIN + timedelta(seconds=2), "history")
    assert look(syncer) == []
    with transaction():
        assert release_if_nothing_is_apart(now=utc_now(), checkpoint=checkpoint)
    assert not is_held()


def drafts(syncer: Syncer) -> list[RemoteInvoice]:
    whose = database.session.scalars(select(Installation.identity)).one()
    return list(syncer.gateway.invoices_page(whose, "draft", after=None).items)
