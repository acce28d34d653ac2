"""What Stripe has and a restored ledger forgot is named, put right, and then released."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from dashboard.audit.models import AuditEntry
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.errors import Conflict, NotFound
from dashboard.extensions import db as database
from dashboard.gateway.records import RemoteInvoice
from dashboard.installation import this_installation
from dashboard.organizations.models import Organization
from dashboard.restores.finding import KINDS
from dashboard.restores.held import is_held
from dashboard.restores.look import ask_look
from dashboard.restores.models import RestoreFinding
from dashboard.restores.release import release, release_if_nothing_is_apart
from dashboard.restores.repair import ask_repair, asked, repair
from dashboard.sync.models import AddedLine, SyncedLine, SyncLease, SyncRun, SyncStep
from dashboard.transaction import checkpoint, transaction
from tests.factories import SUPPORT, make_organization
from tests.support.gaps import charge
from tests.support.restores import let_go, look, restored
from tests.support.syncing import Syncer


def mend(syncer: Syncer) -> None:
    """Ask for every repair that is done here, and do it as a worker does."""
    with transaction():
        for one in database.session.scalars(select(RestoreFinding)):
            if KINDS[one.kind].repair in ("take_over", "delete") and one.settled_at is None:
                ask_repair(one.id, actor=SUPPORT, now=utc_now())
    for finding_id in asked():
        repair(finding_id, gateway=syncer.gateway, now=utc_now(), checkpoint=checkpoint)
    database.session.expire_all()


def forget_syncs(invoice: Invoice) -> None:
    """Forget that anything of the invoice was ever sent, as a ledger of before then does."""
    number = invoice.id
    with transaction():
        for table in (SyncedLine, AddedLine, SyncStep, SyncRun, SyncLease):
            database.session.execute(delete(table).where(table.invoice_id == number))
        database.session.execute(
            update(Invoice)
            .where(Invoice.id == number)
            .values(stripe_invoice_id=None, stripe_status=None, stripe_total_cents=None,
                    synced_revision=0, synced_total_cents=0, agreed_terms=None)
        )  # fmt: skip
    database.session.expire_all()


@pytest.fixture
def globex(acme: Organization, syncer: Syncer) -> tuple[Organization, datetime]:
    """An organization whose first sync the ledger forgot, and the moment before it."""
    before = utc_now() - timedelta(seconds=2)
    with transaction():
        globex = make_organization("globex", anchor=utc_now(), now=utc_now())
    charge(globex, 1200)
    syncer.sync(current_invoice(globex))
    forget_syncs(current_invoice(globex))
    with transaction():
        globex.stripe_customer_id = None
    return globex, before


def test_where_nothing_was_lost_nothing_is_apart(acme: Organization, syncer: Syncer) -> None:
    restored(utc_now(), "history")
    with transaction():
        assert not release_if_nothing_is_apart(now=utc_now(), checkpoint=checkpoint), (
            "nothing was looked at yet"
        )
    assert look(syncer) == []
    with transaction():
        assert release_if_nothing_is_apart(now=utc_now(), checkpoint=checkpoint)
    assert not is_held()


def test_what_a_mark_or_a_person_said_only_a_person_releases(
    acme: Organization, syncer: Syncer
) -> None:
    restored(utc_now())
    assert look(syncer) == []
    with transaction():
        assert not release_if_nothing_is_apart(now=utc_now(), checkpoint=checkpoint)
    let_go()
    assert not is_held()


def test_a_customer_and_a_draft_that_were_forgotten_are_taken_over(
    globex: tuple[Organization, datetime], syncer: Syncer
) -> None:
    organization, before = globex
    restored(before)
    found = look(syncer)
    assert [kind for kind, _ in found] == ["customer", "draft"]
    assert found[0][1].endswith("of globex, which has none.")
    assert "for invoice 1 of globex, which has none here." in found[1][1]
    with pytest.raises(Conflict, match="2 differences are not put right"):
        let_go()
    database.session.rollback()
    mend(syncer)
    let_go()
    syncer.operations()
    run = syncer.sync(current_invoice(organization), verify=True)
    assert run.state == "succeeded"
    called = syncer.operations()
    assert not [one for one in called if one in ("POST customers", "POST invoices")]
    assert sum(syncer.lines(current_invoice(organization)).values()) == 1200


def test_a_customer_with_another_e_mail_is_not_taken_over(
    globex: tuple[Organization, datetime], syncer: Syncer
) -> None:
    organization, before = globex
    with transaction():
        organization.email = "somebody-else@example.com"
    restored(before)
    assert [kind for kind, _ in look(syncer)] == ["second_customer", "draft"]
    mend(syncer)
    assert current_invoice(organization).stripe_invoice_id is None, "its customer is not known"
    with pytest.raises(Conflict):
        let_go()


def test_the_draft_of_an_invoice_that_is_gone_is_deleted_and_no_other(
    globex: tuple[Organization, datetime], syncer: Syncer
) -> None:
    organization, before = globex
    with transaction():
        organization.stripe_customer_id = "cus_of_another"
    restored(before)
    found = look(syncer)
    assert [kind for kind, _ in found] == ["second_customer", "lost_draft"]
    drafts = [one.id for one in _drafts(syncer)]
    mend(syncer)
    assert len(_drafts(syncer)) == len(drafts) - 1
    with pytest.raises(Conflict, match="1 difference is not put right"):
        let_go()
    database.session.rollback()
    let_go("Its second customer was looked at, and is empty.")
    entry = database.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "ledger.released")
    ).one()
    assert entry.reason == "Its second customer was looked at, and is empty."


def _drafts(syncer: Syncer) -> list[RemoteInvoice]:
    whose = this_installation().identity
    return list(syncer.gateway.invoices_page(whose, "draft", after=None).items)


def test_a_draft_that_was_finalized_before_the_worker_came_is_left(
    globex: tuple[Organization, datetime], syncer: Syncer
) -> None:
    organization, before = globex
    with transaction():
        organization.stripe_customer_id = "cus_of_another"
    restored(before)
    look(syncer)
    [lost] = [one for one in _findings() if one.kind == "lost_draft"]
    syncer.gateway.finalize(lost.stripe_id, key="by-hand")
    mend(syncer)
    assert [one.settled_at for one in _findings() if one.kind == "lost_draft"] == [None]
    with transaction():
        ask_look(actor=SUPPORT, now=utc_now())
    assert "lost_invoice" in [kind for kind, _ in look(syncer)]


def _findings() -> list[RestoreFinding]:
    database.session.expire_all()
    return list(database.session.scalars(select(RestoreFinding).order_by(RestoreFinding.id)))


def test_an_invoice_that_was_issued_meanwhile_is_named(acme: Organization, syncer: Syncer) -> None:
    # The ledger is of before the final sync; its grace is not over there.
    syncer.gateway.finalize(str(current_invoice(acme).stripe_invoice_id), key="forgotten")
    restored(utc_now() - timedelta(minutes=5))
    kinds = dict(look(syncer))
    assert kinds["issued"] == "Stripe says that invoice 2 of acme is open; here it is draft."
    let_go()
    assert not is_held(), "it is taken over once its event is processed"


def test_lines_of_calls_that_the_ledger_forgot_are_named(
    acme: Organization, syncer: Syncer
) -> None:
    with transaction():
        database.session.execute(
            delete(SyncStep).where(SyncStep.invoice_id == current_invoice(acme).id)
        )
    restored(utc_now() - timedelta(minutes=5))
    kinds = dict(look(syncer))
    assert kinds["changed"] == (
        "Stripe's draft of invoice 2 of acme was changed by calls that the ledger does not have."
    )


def test_a_release_has_every_draft_compared(acme: Organization, syncer: Syncer) -> None:
    restored(utc_now())
    look(syncer)
    with transaction():
        database.session.execute(update(Invoice).values(needs_verification=False))
    let_go()
    database.session.expire_all()
    assert current_invoice(acme).needs_verification
    with pytest.raises(Conflict, match="released already"):
        let_go()
    database.session.rollback()
    with pytest.raises(NotFound), transaction():
        release(987654, actor=SUPPORT, now=utc_now(), checkpoint=checkpoint)


def test_nothing_is_released_before_stripe_was_read_back(
    acme: Organization, syncer: Syncer
) -> None:
    restored(utc_now())
    with pytest.raises(Conflict, match="still being read"):
        let_go()


def test_a_worker_that_is_killed_reads_one_page_again(
    globex: tuple[Organization, datetime], syncer: Syncer
) -> None:
    _, before = globex
    restored(before)
    found = []
    for _ in range(20):
        found = look(syncer, reads=1)
        database.session.rollback()
    assert [kind for kind, _ in found] == ["customer", "draft"]
    number = database.session.scalar(select(func.count()).select_from(RestoreFinding))
    assert number == 2


def test_a_repair_is_asked_for_once_and_done_once(
    globex: tuple[Organization, datetime], syncer: Syncer
) -> None:
    _, before = globex
    restored(before)
    look(syncer)
    with pytest.raises(NotFound), transaction():
        ask_repair(987654, actor=SUPPORT, now=utc_now())
    mend(syncer)
    for one in _findings():
        with pytest.raises(Conflict, match="put right already"), transaction():
            ask_repair(one.id, actor=SUPPORT, now=utc_now())
        repair(one.id, gateway=syncer.gateway, now=utc_now(), checkpoint=checkpoint)
