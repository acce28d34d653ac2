"""The list support works from: every organization with what it owes and whether Stripe agrees."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from dashboard.billing.models import Invoice
from dashboard.billing.void_listing import WAITS
from dashboard.billing.void_models import VoidCase
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.paging import Page
from dashboard.sync.models import ACTIVE, ForeignLine, SyncRun
from dashboard.sync.status import State, Waiting, state_of

SIZE = 25
ATTENTION = ("parked", "differs", "held", "failed", "payment", "void")


@dataclass(frozen=True, slots=True)
class ListedOrganization:
    """One row: the organization, its current invoice with its state, and what needs a person.

    The counts are of all its unfinished invoices.
    """

    organization: Organization
    invoice: Invoice | None
    state: State
    parked: int
    differing: int
    held: int
    unpaid: int
    void: int

    @property
    def last_synced_at(self) -> datetime | None:
        """When Stripe was last agreed with."""
        return self.invoice.last_synced_at if self.invoice else None


def list_organizations(
    text: str = "", *, attention: str | None = None, number: int = 1
) -> Page[ListedOrganization]:
    """Return a page of the organizations that `text` matches, by name: two queries.

    `attention` keeps those with that trouble: one of `ATTENTION`.
    """
    wanted = _wanted(text.strip(), attention)
    total = db.session.scalar(
        select(func.count()).select_from(Organization).outerjoin(Invoice, _IS_DRAFT).where(*wanted)
    )
    rows = db.session.execute(
        select(Organization, Invoice, _ACTIVE, *_OWN, _PARKED, _UNDECIDED, _LEFT, _UNPAID, _VOID)
        .outerjoin(Invoice, _IS_DRAFT)
        .where(*wanted)
        .order_by(Organization.name, Organization.id)
        .limit(SIZE)
        .offset((number - 1) * SIZE)
    )
    return Page([_listed(*row) for row in rows], number, SIZE, total or 0)


def _listed(
    organization: Organization, invoice: Invoice | None, is_active: bool, *counts: int
) -> ListedOrganization:
    own_undecided, own_left, *troubles = counts
    state: State = "none"
    if invoice is not None:
        state = state_of(invoice, is_active=is_active, waiting=Waiting(own_undecided, own_left))
    return ListedOrganization(organization, invoice, state, *troubles)


def _wanted(text: str, attention: str | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if text:
        conditions.append(_says(text))
    troubles = {
        "parked": _PARKED > 0,
        "differs": _UNDECIDED > 0,
        "held": _LEFT > 0,
        "failed": Invoice.sync_failures > 0,
        "payment": _UNPAID > 0,
        "void": _VOID > 0,
    }
    if attention in troubles:
        conditions.append(troubles[attention])
    return conditions


def _says(text: str) -> ColumnElement[bool]:
    return or_(
        Organization.name.icontains(text, autoescape=True),
        Organization.slug.icontains(text, autoescape=True),
        Organization.email.icontains(text, autoescape=True),
        Organization.external_id == text,
        Organization.stripe_customer_id == text,
        Organization.id.in_(
            select(Invoice.organization_id).where(
                or_(Invoice.stripe_invoice_id == text, Invoice.number == text)
            )
        ),
    )


_IS_DRAFT = and_(Invoice.organization_id == Organization.id, Invoice.status == "draft")

_other = Invoice.__table__.alias("other")
_PARKED = (
    select(func.count())
    .select_from(_other)
    .where(_other.c.organization_id == Organization.id, _other.c.parked_at.is_not(None))
    .correlate(Organization)
    .scalar_subquery()
)
_UNPAID = (
    select(func.count())
    .select_from(_other)
    .where(
        _other.c.organization_id == Organization.id,
        _other.c.status == "open",
        _other.c.payment_failure.is_not(None),
    )
    .correlate(Organization)
    .scalar_subquery()
)
_VOID = (
    select(func.count())
    .select_from(VoidCase)
    .where(VoidCase.organization_id == Organization.id, *WAITS)
    .correlate(Organization)
    .scalar_subquery()
)
_FOREIGN = (
    select(func.count())
    .select_from(ForeignLine)
    .join(_other, _other.c.id == ForeignLine.invoice_id)
    .where(
        ForeignLine.organization_id == Organization.id,
        _other.c.status.in_(("draft", "closing", "sealed")),
    )
    .correlate(Organization)
)
_UNDECIDED = _FOREIGN.where(ForeignLine.decision.is_(None)).scalar_subquery()
_LEFT = _FOREIGN.where(ForeignLine.decision == "leave").scalar_subquery()
# Of the current invoice alone: those that nobody decided on, and those that somebody left.
_of_draft = select(func.count()).where(ForeignLine.invoice_id == Invoice.id).correlate(Invoice)
_OWN = (
    _of_draft.where(ForeignLine.decision.is_(None)).scalar_subquery(),
    _of_draft.where(ForeignLine.decision == "leave").scalar_subquery(),
)
_ACTIVE = (
    select(SyncRun.id)
    .where(SyncRun.invoice_id == Invoice.id, SyncRun.state.in_(ACTIVE))
    .correlate(Invoice)
    .exists()
)
