"""A look at Stripe keeps to its reads, gives each its turn, and is in nobody's way."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, text

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.gaps import compare
from dashboard.gaps.gap import KEPT_AT_STRIPE
from dashboard.gaps.keep import KNOWN_AGAIN, open_gaps
from dashboard.gaps.models import GapRound, SeenAtStripe, StripeGap
from dashboard.gaps.repair import repair
from dashboard.gaps.rounds import look
from dashboard.gateway.errors import GatewayError, Missing
from dashboard.organizations.models import Organization
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.models import WebhookEvent
from tests.support.gaps import hear
from tests.support.syncing import Syncer

READS = (
    "event", "invoice", "customer", "events_page", "invoices_page", "customers_page"
)  # fmt: skip


class Counting:
    """A gateway that notes its reads, and what was the matter while each was under way."""

    def __init__(self, gateway: Any, during: Callable[[], None] = lambda: None) -> None:
        self._gateway, self._during = gateway, during
        self.reads: list[str] = []

    def __getattr__(self, name: str) -> Any:
        made = getattr(self._gateway, name)
        if name not in READS:
            return made

        def read(*args: Any, **named: Any) -> Any:
            self.reads.append(name)
            self._during()
            return made(*args, **named)

        return read


def lost(stripe_id: str) -> Missing:
    return Missing(f"No such object: {stripe_id}")


class WithoutInvoices(Counting):
    """A gateway on which no list shows an invoice, though each can be read, but for those lost."""

    def __init__(self, gateway: Any, gone: set[str]) -> None:
        super().__init__(gateway)
        self.gone, self.asked = gone, list[str]()

    def invoices_page(self, *args: Any, **named: Any) -> Any:
        self.reads.append("invoices_page")
        page = self._gateway.invoices_page(*args, **named)
        return type(page)([], None)

    def invoice(self, stripe_id: str) -> Any:
        self.reads.append("invoice")
        self.asked.append(stripe_id)
        if stripe_id in self.gone:
            raise lost(stripe_id)
        return self._gateway.invoice(stripe_id)


def known_gap(kind: str, stripe_id: str, at: datetime, **others: Any) -> StripeGap:
    with transaction():
        row = StripeGap(
            kind=kind, stripe_id=stripe_id, told="Told.", first_seen_at=at, last_seen_at=at,
            confirmed_at=at, **others,
        )  # fmt: skip
        database.session.add(row)
    return row


def synced_long_ago() -> None:
    with transaction():
        database.session.execute(
            text("update invoices set last_synced_at = now() - interval '1 h'")
        )


@pytest.mark.parametrize("reads", [0, 1, 2, 3, 7])
def test_a_look_reads_no_more_than_it_may(acme: Organization, syncer: Syncer, reads: int) -> None:
    now = utc_now()
    for number in range(5):
        known_gap("second_invoice", f"in_{number}", now - 2 * KNOWN_AGAIN)
    synced_long_ago()
    for turn in range(6):
        gateway = WithoutInvoices(syncer.gateway, set())
        look(gateway=gateway, reads=reads, now=now + turn * KNOWN_AGAIN, checkpoint=checkpoint)
        assert len(gateway.reads) <= reads


def test_without_reads_nothing_is_asked(acme: Organization, syncer: Syncer) -> None:
    known_gap("lost_invoice", "in_gone", utc_now() - 2 * KNOWN_AGAIN)
    gateway = Counting(syncer.gateway)
    assert look(gateway=gateway, reads=0, now=utc_now(), checkpoint=checkpoint) == 0
    assert gateway.reads == []


def test_with_one_read_at_a_time_known_gaps_and_lists_take_turns(
    acme: Organization, syncer: Syncer
) -> None:
    now = utc_now()
    for number in range(3):
        known_gap("second_invoice", f"in_{number}", now - 2 * KNOWN_AGAIN)
    gateway = Counting(syncer.gateway)
    for turn in range(1, 7):
        look(
            gateway=gateway, reads=1, now=now + timedelta(hours=turn), checkpoint=checkpoint
        )  # fmt: skip
    assert gateway.reads.count("invoice") == 3
    assert len(gateway.reads) == 6


def test_what_no_page_shows_is_read_in_turns_and_holds_up_nobody(
    acme: Organization, syncer: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An invoice that exists, but that no list shows, is not the only one that is ever read."""
    monkeypatch.setattr(compare, "MOST_MISSED", 1)
    monkeypatch.setattr("dashboard.gaps.rounds.MOST_MISSED", 1)
    synced_long_ago()
    with transaction():
        database.session.execute(text("set local session_replication_role = replica"))
        database.session.execute(text("update invoices set status = 'sealed' where number <> ''"))
    names = set(database.session.scalars(select(Invoice.stripe_invoice_id)))
    gateway = WithoutInvoices(syncer.gateway, set())
    for turn in range(2):
        look(
            gateway=gateway, reads=50, now=utc_now() + timedelta(hours=turn), checkpoint=checkpoint
        )
    assert set(gateway.asked) == names


def test_no_transaction_is_open_while_stripe_is_asked(acme: Organization, syncer: Syncer) -> None:
    synced_long_ago()
    known_gap("second_invoice", "in_other", utc_now() - 2 * KNOWN_AGAIN)
    gone = str(database.session.scalar(select(Invoice.stripe_invoice_id).limit(1)))
    known_gap("moved_invoice", gone, utc_now() - 2 * KNOWN_AGAIN)
    checkpoint()
    found: list[bool] = []
    gateway = Counting(
        syncer.gateway, lambda: found.append(bool(database.session().in_transaction()))
    )
    look(gateway=gateway, reads=50, now=utc_now(), checkpoint=checkpoint, is_asked=True)
    for one in [row.id for row in open_gaps()]:
        repair(one, gateway=gateway, now=utc_now(), checkpoint=checkpoint)
    assert len(found) > 6
    assert not any(found)


def test_of_two_looks_at_once_neither_fails_and_each_page_counts_once(
    acme: Organization, syncer: Syncer
) -> None:
    """The second look goes through all of it while the first one waits for its first page."""
    hear(syncer)
    with transaction():
        gone = database.session.scalar(select(WebhookEvent.stripe_event_id).limit(1))
        database.session.execute(delete(WebhookEvent).where(WebhookEvent.stripe_event_id == gone))
    later = utc_now() + timedelta(hours=1)
    others: list[int] = []

    def meanwhile() -> None:
        if not others:
            others.append(0)
            others[0] = look(
                gateway=syncer.gateway, reads=50, now=later, checkpoint=checkpoint
            )  # fmt: skip

    look(gateway=Counting(syncer.gateway, meanwhile), reads=50, now=later, checkpoint=checkpoint)
    assert others[0] > 3
    [gap] = open_gaps()
    assert (gap.kind, gap.stripe_id) == ("event", gone)
    rounds = database.session.scalars(select(GapRound)).all()
    assert all(one.ended_at is not None for one in rounds)
    assert len({(one.kind, one.begun_at) for one in rounds}) >= 4


def test_an_event_that_stripe_keeps_no_longer_is_no_gap_any_more(
    acme: Organization, syncer: Syncer
) -> None:
    row = known_gap("event", "evt_old", utc_now() - KEPT_AT_STRIPE)
    young = known_gap("event", "evt_young", utc_now() - KEPT_AT_STRIPE + timedelta(days=1))
    look(gateway=syncer.gateway, reads=2, now=utc_now(), checkpoint=checkpoint)
    database.session.expire_all()
    assert row.gone_at is not None
    assert young.gone_at is None


def test_fetching_an_event_that_stripe_does_not_have_closes_its_gap(
    acme: Organization, syncer: Syncer
) -> None:
    row = known_gap("event", "evt_nobody", utc_now() - timedelta(days=3))
    done = repair(row.id, gateway=syncer.gateway, now=utc_now(), checkpoint=checkpoint)
    database.session.refresh(row)
    assert row.gone_at is not None
    assert not done.has_events


def lost_bill(acme: Organization) -> tuple[Invoice, StripeGap]:
    bill = database.session.scalars(select(Invoice).where(Invoice.status == "open")).one()
    row = known_gap(
        "lost_invoice", str(bill.stripe_invoice_id), utc_now(), organization_id=acme.id,
        sequence=bill.sequence,
    )  # fmt: skip
    return bill, row


def test_an_issued_invoice_that_stripe_lost_is_held_for_a_person(
    acme: Organization, syncer: Syncer
) -> None:
    bill, row = lost_bill(acme)
    gateway = WithoutInvoices(syncer.gateway, {str(bill.stripe_invoice_id)})
    for _ in range(2):
        done = repair(row.id, gateway=gateway, now=utc_now(), checkpoint=checkpoint)
        assert done.runs == []
    database.session.refresh(bill)
    assert (bill.status, bill.parked_code) == ("open", "lost_at_stripe")
    assert str(bill.stripe_invoice_id) in str(bill.parked_reason)
    # It is there again: somebody had looked with another account's key.
    repair(row.id, gateway=syncer.gateway, now=utc_now(), checkpoint=checkpoint)
    database.session.refresh(bill)
    database.session.refresh(row)
    assert bill.parked_code is None
    assert row.gone_at is not None


def test_what_was_read_is_noted_as_seen(acme: Organization, syncer: Syncer) -> None:
    synced_long_ago()
    look(gateway=WithoutInvoices(syncer.gateway, set()), reads=50, now=utc_now(),
         checkpoint=checkpoint)  # fmt: skip
    names = set(database.session.scalars(select(Invoice.stripe_invoice_id)))
    assert names <= set(database.session.scalars(select(SeenAtStripe.stripe_id)))


def test_a_gap_that_cannot_be_read_does_not_end_the_look(
    acme: Organization, syncer: Syncer
) -> None:
    hear(syncer)
    known_gap("lost_invoice", "in_gone", utc_now() - 2 * KNOWN_AGAIN)
    syncer.simulator.fault("error_before", "/v1/invoices/in_gone", method="GET", status=403)
    with pytest.raises(GatewayError):
        look(gateway=syncer.gateway, reads=100, now=utc_now(), checkpoint=checkpoint)
    ended = select(GapRound.kind).where(GapRound.ended_at.is_not(None)).distinct()
    assert set(database.session.scalars(ended)) >= {"customers", "drafts", "open"}
