"""What only one of Stripe and the ledger knows is found, told, closed, and then gone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text

from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.gaps.keep import CONFIRMED_AFTER, counts, open_gaps
from dashboard.gaps.models import GapRound, StripeGap
from dashboard.gaps.repair import repair
from dashboard.gaps.rounds import ON_ITS_WAY, look
from dashboard.gateway.calls import lists
from dashboard.gateway.errors import GatewayError
from dashboard.installation import Installation, this_installation
from dashboard.organizations.models import Organization
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.models import WebhookEvent
from tests.support.gaps import hear
from tests.support.syncing import Syncer

LATER = ON_ITS_WAY + timedelta(minutes=1)


def find(
    syncer: Syncer, *, reads: int = 100, after: timedelta = LATER, hears: bool = True
) -> list[tuple[str, str]]:
    """Look through all of it, with every event in the inbox; return what is known then."""
    if hears:
        hear(syncer)
    look(
        gateway=syncer.gateway, reads=reads, now=utc_now() + after, checkpoint=checkpoint,
        is_asked=reads > 1,
    )  # fmt: skip
    database.session.expire_all()
    return [(one.kind, one.told) for one in open_gaps()]


def mend(syncer: Syncer) -> None:
    """Close what was found, and carry out the syncs that follow."""
    for one in open_gaps():
        done = repair(
            one.id, gateway=syncer.gateway, now=utc_now() + 2 * LATER, checkpoint=checkpoint
        )
        for run in done.runs:
            syncer.carry_out(run)


def ids() -> Iterator[str]:
    return iter(database.session.scalars(select(Invoice.stripe_invoice_id).order_by(Invoice.id)))


def test_where_both_know_the_same_there_is_no_gap(acme: Organization, syncer: Syncer) -> None:
    assert find(syncer) == []
    rounds = database.session.scalars(select(GapRound)).all()
    assert {(one.kind, one.ended_at is not None, one.seen > 0) for one in rounds} == {
        (kind, True, True) for kind in ("events", "drafts", "open", "customers")
    }


def test_an_event_that_never_arrived_is_fetched(acme: Organization, syncer: Syncer) -> None:
    with transaction():
        lost = database.session.scalar(
            select(WebhookEvent.stripe_event_id).where(WebhookEvent.type == "invoice.finalized")
        )
        database.session.execute(delete(WebhookEvent).where(WebhookEvent.stripe_event_id == lost))
    [(kind, told)] = find(syncer, hears=False)
    assert kind == "event"
    assert told.startswith(f"Stripe has the event {lost} (invoice.finalized) of ")
    assert told.endswith(" UTC, and it never arrived here.")
    mend(syncer)
    assert open_gaps() == []
    assert database.session.scalar(
        select(WebhookEvent.id).where(WebhookEvent.stripe_event_id == lost)
    )


def test_an_event_on_its_way_is_not_missed(acme: Organization, syncer: Syncer) -> None:
    with transaction():
        database.session.execute(delete(WebhookEvent))
    assert find(syncer, after=timedelta(), hears=False) == []


def test_a_second_draft_of_an_invoice_is_told(acme: Organization, syncer: Syncer) -> None:
    with transaction():
        draft = current_invoice(acme)
        draft_id, first = draft.id, draft.stripe_invoice_id
    second = foreign_draft(acme, syncer, str(draft_id))
    [(kind, told)] = find(syncer)
    assert kind == "second_invoice"
    assert told == (
        f"Stripe has a draft ({second}) for invoice 2 of acme, beside the one that the ledger "
        f"knows ({first})."
    )
    syncer.gateway.delete_draft(second)
    assert find(syncer, after=2 * LATER) == []


def foreign_draft(acme: Organization, syncer: Syncer, number: str) -> str:
    """Make a draft at Stripe that says it is one of this installation; return its id."""
    reply = syncer.gateway._call(
        "POST invoices",
        "/v1/invoices",
        {
            "customer": acme.stripe_customer_id,
            "metadata": {
                "dashboard_installation": this_installation().identity,
                "dashboard_invoice": number,
            },
        },
    )
    return str(reply.data["id"])


def test_a_draft_of_an_invoice_that_nobody_has_is_told(acme: Organization, syncer: Syncer) -> None:
    made = foreign_draft(acme, syncer, "987654321")
    told = (
        f"Stripe has a draft ({made}) that says it is invoice 987654321 of this installation, "
        "which the ledger does not have."
    )
    assert find(syncer) == [("unknown_invoice", told)]


@pytest.mark.parametrize("number", ["", "x", "-1", "99999999999999999999999"])
def test_odd_metadata_is_told_and_breaks_nothing(
    acme: Organization, syncer: Syncer, number: str
) -> None:
    made = foreign_draft(acme, syncer, number)
    which = f"invoice {number}" if number else "an invoice"
    told = (
        f"Stripe has a draft ({made}) that says it is {which} of this installation, which the "
        "ledger does not have."
    )
    assert find(syncer) == [("unknown_invoice", told)]


def test_what_others_made_on_the_account_is_no_gap(acme: Organization, syncer: Syncer) -> None:
    syncer.gateway._call("POST invoices", "/v1/invoices", {"customer": acme.stripe_customer_id})
    syncer.gateway._call("POST customers", "/v1/customers", {"email": "other@example.com"})
    assert find(syncer) == []


def test_a_draft_that_was_deleted_at_stripe_is_told_and_made_again(
    acme: Organization, syncer: Syncer
) -> None:
    draft = current_invoice(acme)
    lost = str(draft.stripe_invoice_id)
    syncer.gateway.delete_draft(lost)
    with transaction():
        database.session.execute(
            text("update invoices set last_synced_at = now() - interval '1 h'")
        )
    assert find(syncer) == [
        ("lost_invoice",
         f"Stripe does not have {lost}, which the ledger knows as invoice 2 of acme.")
    ]  # fmt: skip
    mend(syncer)
    assert find(syncer, after=3 * LATER) == []
    database.session.refresh(draft)
    assert draft.stripe_invoice_id not in (None, lost)


def test_an_invoice_in_another_state_is_read_again(acme: Organization, syncer: Syncer) -> None:
    issued = str(next(ids()))
    with transaction():
        database.session.execute(text("set local session_replication_role = replica"))
        database.session.execute(
            text("update invoices set status = 'paid' where stripe_invoice_id = :id"),
            {"id": issued},
        )
    [(kind, told)] = find(syncer)
    assert kind == "moved_invoice"
    assert told.endswith(" of acme is open; here it is paid.")


def test_a_customer_with_our_metadata_twice_is_told(acme: Organization, syncer: Syncer) -> None:
    made = syncer.gateway._call(
        "POST customers",
        "/v1/customers",
        {
            "email": "acme@example.com",
            "metadata": {
                "dashboard_installation": this_installation().identity,
                "dashboard_organization": str(acme.id),
            },
        },
    ).data["id"]
    told = (
        f"Stripe has two customers of acme: {made}, beside the one that the ledger knows "
        f"({acme.stripe_customer_id})."
    )
    assert find(syncer) == [("second_customer", told)]
    syncer.gateway._call("DELETE customer", f"/v1/customers/{made}")
    assert find(syncer, after=2 * LATER) == []


def test_a_customer_that_is_gone_is_told_and_made_again(acme: Organization, syncer: Syncer) -> None:
    gone = acme.stripe_customer_id
    syncer.gateway._call("DELETE customer", f"/v1/customers/{gone}")
    kinds = dict(find(syncer))
    assert kinds["lost_customer"] == (
        f"Stripe does not have {gone}, which the ledger knows as the customer of acme."
    )
    mend(syncer)
    assert open_gaps() == []
    database.session.refresh(acme)
    assert acme.stripe_customer_id != gone
    assert acme.customer_lost_at is not None


def test_a_gap_counts_once_a_second_look_finds_it_and_is_kept_when_gone(
    acme: Organization, syncer: Syncer
) -> None:
    made = foreign_draft(acme, syncer, "987654321")
    find(syncer)
    assert counts() == {}
    find(syncer, after=LATER + CONFIRMED_AFTER)
    assert counts() == {"unknown_invoice": 1}
    syncer.gateway.delete_draft(made)
    assert find(syncer, after=LATER + 2 * CONFIRMED_AFTER) == []
    [row] = database.session.scalars(select(StripeGap))
    assert row.gone_at is not None


def test_few_reads_at_a_time_get_through_all_of_it(acme: Organization, syncer: Syncer) -> None:
    foreign_draft(acme, syncer, "987654321")
    hear(syncer)
    for number in range(8):
        before = len(syncer.simulator.calls())
        find(syncer, reads=1, after=LATER + timedelta(minutes=number), hears=False)
        assert len(syncer.simulator.calls()) <= before + 2
    assert [one.kind for one in open_gaps()] == ["unknown_invoice"]
    ended = select(GapRound.kind).where(GapRound.ended_at.is_not(None)).distinct()
    assert len(database.session.scalars(ended).all()) == 4


def test_what_goes_between_two_pages_does_not_stop_the_look(
    acme: Organization, syncer: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE", 1)
    drafts = [foreign_draft(acme, syncer, f"98765432{n}") for n in range(4)]
    hear(syncer)
    page = syncer.gateway.invoices_page(this_installation().identity, "draft", after=None)
    assert [one.id for one in page.items] == drafts[-1:]
    for one in drafts[1:]:
        syncer.gateway.delete_draft(one)
    monkeypatch.setattr(lists, "PAGE", 100)
    page = syncer.gateway.invoices_page(this_installation().identity, "draft", after=page.after)
    assert drafts[0] in [one.id for one in page.items]


def test_while_stripe_is_away_what_was_read_is_kept(acme: Organization, syncer: Syncer) -> None:
    foreign_draft(acme, syncer, "987654321")
    find(syncer, reads=4)
    syncer.simulator.fault("error_before", "/v1/", status=500)
    with pytest.raises(GatewayError):
        find(syncer, after=LATER + CONFIRMED_AFTER)
    database.session.rollback()
    assert len(open_gaps()) <= 1


def test_a_list_that_cannot_be_read_holds_up_no_other(acme: Organization, syncer: Syncer) -> None:
    foreign_draft(acme, syncer, "987654321")
    hear(syncer)
    syncer.simulator.fault("error_before", "/v1/customers", method="GET", status=403)
    failures = 0
    for number in range(8):
        try:
            find(syncer, reads=2, after=LATER + timedelta(minutes=number), hears=False)
        except GatewayError:
            failures += 1
    assert failures
    assert [one.kind for one in open_gaps()] == ["unknown_invoice"]
    ended = select(GapRound.kind).where(GapRound.ended_at.is_not(None)).distinct()
    assert set(database.session.scalars(ended)) == {"events", "drafts", "open"}


def test_another_installation_on_the_account_is_no_gap(acme: Organization, syncer: Syncer) -> None:
    with transaction():
        database.session.execute(delete(Installation))
        this_installation()
    kinds = {kind for kind, _ in find(syncer)}
    assert "unknown_invoice" not in kinds
    assert "second_invoice" not in kinds
