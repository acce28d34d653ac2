"""The invoices before the current one that its page shows: the last one, and all not settled.

They come with the first statement, as one text. Nearly always it holds one of them; and the tag of
a poll is made of the same text, so nothing that is shown of them can change without it.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    any_,
    case,
    cast,
    func,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import LateralFromClause, NamedFromClause

from dashboard.billing.lost_customer import customer_went
from dashboard.billing.models import Invoice
from dashboard.billing.overview import RECENT, UNFINISHED, shown_status
from dashboard.billing.payment_state import decline_code_of, is_to_confirm
from dashboard.billing.void_listing import ASKED_CENTS, WAITS
from dashboard.billing.void_models import VoidCase
from dashboard.reading.told import Told, told


class EarlierInvoice(NamedTuple):
    """An invoice that is no draft any more, as far as the page of the current one shows it.

    `undecided_cents`: of a void one, what nobody decided on. `has_page`: Stripe has one of it,
    where it can be paid.
    """

    id: int
    sequence: int
    number: str | None
    status: str
    currency: str
    stripe_invoice_id: str | None
    total_cents: int
    amount_remaining_cents: int | None
    parked_code: str | None
    payment_failure: str | None
    decline: dict[str, Any] | None
    period_start: datetime
    period_end: datetime
    closing_at: datetime | None
    seal_after_at: datetime | None
    sealed_at: datetime | None
    last_verified_at: datetime | None
    finalized_at: datetime | None
    due_at: datetime | None
    paid_at: datetime | None
    parked_at: datetime | None
    payment_failed_at: datetime | None
    next_payment_attempt_at: datetime | None
    action_required_at: datetime | None
    undecided_cents: int | None
    has_page: bool

    @property
    def called(self) -> str:
        """What people call it: by Stripe's number once it has one."""
        return self.number or f"Invoice {self.sequence}"

    @property
    def asked_cents(self) -> int:
        """What is still to be paid, with tax where Stripe told of it."""
        told = self.amount_remaining_cents
        return self.total_cents if told is None else told

    @property
    def decline_code(self) -> str | None:
        """What the bank said of the last attempt, None where it said nothing of that one."""
        return decline_code_of(self.decline, self.payment_failed_at)

    @property
    def is_to_confirm(self) -> bool:
        """Whether the bank waits for the customer to confirm the payment."""
        asked = (self.action_required_at, self.payment_failed_at, self.decline_code)
        return self.status == "open" and is_to_confirm(*asked)

    @property
    def is_settled(self) -> bool:
        """Whether nothing of it needs anybody any more."""
        return self.status not in UNFINISHED and self.undecided_cents is None

    def shown(self, now: datetime) -> str:
        """Return the status that people read."""
        return "confirm" if self.is_to_confirm else shown_status(self, now)

    def is_off_portal(self, lost_at: datetime | None) -> bool:
        """Whether its customer was deleted at Stripe, at `lost_at`, before it was paid."""
        return customer_went(self.status, self.finalized_at, lost_at)


def earlier_invoices(organization: NamedFromClause, draft: NamedFromClause) -> LateralFromClause:
    """Return, as a text, the last invoice before `draft` and all that are not settled."""
    invoice = Invoice.__table__.alias("earlier")
    unsettled = Invoice.__table__.alias("unsettled")
    # By their ids: each of these is a look at an index that holds little else. Told by name what
    # they belong to: two queries further out nobody finds it by itself.
    mine = (
        select(draft.c.previous_invoice_id),
        select(unsettled.c.id).where(
            unsettled.c.organization_id == organization.c.id, unsettled.c.status.in_(UNFINISHED)
        ),
        select(VoidCase.invoice_id).where(VoidCase.organization_id == organization.c.id, *WAITS),
    )
    ids = union_all(*(query.correlate(organization, draft) for query in mine))
    shown: list[ColumnElement[Any]] = [invoice.c[name] for name in EarlierInvoice._fields[:-2]]
    shown += [case((and_(*WAITS), ASKED_CENTS)), invoice.c.hosted_invoice_url.is_not(None)]
    rows = (
        select(told(shown).label("row"))
        .select_from(invoice.outerjoin(VoidCase, VoidCase.invoice_id == invoice.c.id))
        .where(invoice.c.id == any_(func.array(ids.scalar_subquery())))
        .order_by(invoice.c.sequence.desc())
        .limit(RECENT)
        .subquery("rows")
    )
    return select(cast(func.json_agg(rows.c.row), Text).label("told")).lateral("earlier_invoices")


def earlier_of(text: str | None) -> list[EarlierInvoice]:
    """Return what a text tells, the newest first."""
    return [_INVOICE(row) for row in json.loads(text)] if text else []


_INVOICE = Told(EarlierInvoice)
