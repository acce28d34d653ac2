"""Bulk repairs of bills on hold: each is looked at again; what does not fit stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.exc import DBAPIError

from dashboard.approvals.day import moved_alone, together
from dashboard.billing.difference import CODES, difference_of
from dashboard.billing.difference_decide import decide_difference
from dashboard.billing.locks import lock_invoices
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.bulk.models import BulkAction, BulkMember
from dashboard.bulk.syncs import ended_runs
from dashboard.bulk.verb import Begun, Members
from dashboard.closing.people import APPROVAL_WANTED, HELD_BY_PERSON
from dashboard.errors import BillingError, Conflict, Forbidden
from dashboard.extensions import current_config, db
from dashboard.money import Money
from dashboard.statement import any_of
from dashboard.sync.let_issue import approve_bill, release_bill
from dashboard.sync.models import SyncRun

HELD_AGAIN = "It was put on hold again since you confirmed. Look at it on its page."
ABOVE = "The difference is above the limit of one person. Correct it on its page."
UNEXPECTED = "An error of our own stopped it. Nothing of it was changed. Repair it on its page."
log = structlog.get_logger("dashboard.bulk")
Repair = Callable[[BulkAction, Invoice, datetime], SyncRun | None]


@dataclass(frozen=True, slots=True)
class HeldVerb:
    """One repair of all bills that are on hold for one of some reasons; they come by the reason."""

    name: str
    permission: str
    codes: tuple[str, ...]
    repair: Repair
    is_issued: bool = False
    # No list has it beside its boxes: what is on hold is chosen by its reason.
    of: str = "held"

    def members(self, ids: Collection[int]) -> Members:  # noqa: ARG002  as every verb has it
        """Return none: they are not picked by the rows of a list."""
        return select(Invoice.id, Invoice.organization_id).where(Invoice.id.is_(None))

    def held_for(self, code: str, *, now: datetime) -> Members:  # noqa: ARG002  as syncs have it
        """Return the invoices on hold for one of its reasons; none for another."""
        is_its = code if code in self.codes else None
        columns = select(Invoice.id, Invoice.organization_id)
        status = Invoice.status.in_(FINALIZED) if self.is_issued else Invoice.status == "sealed"
        return columns.where(Invoice.parked_at.is_not(None), Invoice.parked_code == is_its, status)

    def begin(self, act: BulkAction, members: Sequence[BulkMember], *, now: datetime) -> Begun:
        """Repair these, but for those that somebody is changing."""
        by_invoice = {one.subject_id: one.id for one in members}
        asked: dict[int, int | None] = {}
        over: dict[int, str | None] = {}
        runs: list[SyncRun] = []
        for invoice in _one_by_one(by_invoice):
            member_id = by_invoice[invoice.id]
            try:
                # What is refused midway leaves nothing half done.
                with db.session.begin_nested():
                    run = self._repaired(act, invoice, now)
            except BillingError as error:
                over[member_id] = error.message
                continue
            except DBAPIError:
                # The slice is tried again as a whole.
                raise
            except Exception:  # the others must not wait for it
                log.exception("bulk_repair_failed", act_id=act.id, invoice_id=invoice.id)
                over[member_id] = UNEXPECTED
                continue
            if run is None:
                over[member_id] = None
            else:
                asked[member_id] = run.id
                runs.append(run)
        return Begun(asked, over, runs)

    def ended(self, members: Sequence[BulkMember]) -> Mapping[int, str | None]:
        """Return whose sync is over."""
        return ended_runs(members)

    def _repaired(self, act: BulkAction, invoice: Invoice, now: datetime) -> SyncRun | None:
        if invoice.parked_code not in self.codes:
            # Somebody saw to it meanwhile.
            return None
        if invoice.parked_at is not None and invoice.parked_at > act.created_at:
            raise Conflict(HELD_AGAIN)
        return self.repair(act, invoice, now)


def _one_by_one(invoice_ids: Collection[int]) -> Iterator[Invoice]:
    """Yield these, each locked when it is its turn, but for those that somebody is changing.

    A repair may lock what follows in its organization: never after the next one's.
    """
    order = select(Invoice.id).where(Invoice.id == any_of(invoice_ids, BigInteger))
    for one in db.session.scalars(order.order_by(Invoice.organization_id, Invoice.id)).all():
        yield from lock_invoices([one], wait=False)


def _approve(act: BulkAction, invoice: Invoice, now: datetime) -> SyncRun | None:
    limits = current_config().approval_limits
    return approve_bill(
        invoice,
        total_cents=invoice.total_cents,
        reason=act.reason,
        actor=act.actor,
        now=now,
        four_eyes=limits.of(invoice.currency) is not None,
    )


def _release(act: BulkAction, invoice: Invoice, now: datetime) -> SyncRun | None:
    return release_bill(invoice, reason=act.reason, actor=act.actor, now=now)


def _carry(act: BulkAction, invoice: Invoice, now: datetime) -> None:
    """Carry a difference to the current invoice, where one person may move so much alone."""
    cents = difference_of(invoice).cents
    amount = Money(abs(cents), invoice.currency)
    moved = moved_alone(invoice.organization, act.actor, now=now)
    if current_config().approval_limits.wants_two(together(amount, moved)):
        raise Forbidden(ABOVE)
    decide_difference(
        invoice,
        "carry",
        seen_cents=cents,
        reason=act.reason,
        key=f"bulk-{act.id}-{invoice.id}",
        actor=act.actor,
        now=now,
    )


def sums_seen(members: Members) -> str:
    """Return a name for what these bills come to, for a form to send along."""
    return " ".join(f"{currency}{cents}" for currency, cents in sorted(sums_of(members)))


def sums_of(members: Members) -> Sequence[tuple[str, int]]:
    """Return what the bills of these members come to in cents by currency, the largest first."""
    ids = select(members.subquery().columns[0])
    total = cast(func.sum(Invoice.total_cents), BigInteger)
    query = select(Invoice.currency, total).where(Invoice.id.in_(ids)).group_by(Invoice.currency)
    return [(one, cents) for one, cents in db.session.execute(query.order_by(total.desc()))]


APPROVE = HeldVerb("approve", "closing.approve", (APPROVAL_WANTED,), _approve)
LET_GO = HeldVerb("let_go", "closing.hold", (HELD_BY_PERSON,), _release)
CARRY = HeldVerb("carry", "difference.decide", CODES, _carry, is_issued=True)
