"""The list support works from: every organization with what it owes and whether Stripe agrees."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, and_, func, literal_column, select

from dashboard.billing.models import Invoice
from dashboard.organizations.models import Organization
from dashboard.organizations.search import asked, beyond, says
from dashboard.paging import FIRST, LAST, MOST_COUNTED, Counted, Place, Stretch, Turn, stretch_of
from dashboard.reading.troubles import ATTENTION, Troubles, has_trouble, troubles
from dashboard.statement import Statement, columns, parameter, split
from dashboard.sync.status import State, Waiting, state_of

SIZE = 25


class ListedInvoice(NamedTuple):
    """The current invoice of an organization, as far as the list shows it."""

    id: int
    currency: str
    total_cents: int
    period_end: datetime
    last_synced_at: datetime | None
    parked_at: datetime | None
    sync_failures: int
    needs_verification: bool
    revision: int
    synced_revision: int

    @property
    def is_dirty(self) -> bool:
        """Whether the ledger holds something that Stripe was not told."""
        return self.revision > self.synced_revision


class _Organization(NamedTuple):
    id: int
    slug: str
    name: str
    email: str


class ListedOrganization(NamedTuple):
    """One row: the organization, its current invoice with its state, and what needs a person."""

    organization: _Organization
    invoice: ListedInvoice | None
    troubles: Troubles

    @property
    def state(self) -> State:
        """Whether Stripe agrees with the current invoice."""
        if self.invoice is None:
            return "none"
        of = self.troubles
        waiting = Waiting(of.own_undecided, of.own_left)
        return state_of(self.invoice, is_active=of.is_active, waiting=waiting)


class Wanted(NamedTuple):
    """Which organizations: those that `text` matches, with a trouble that is one of `ATTENTION`."""

    text: str = ""
    attention: str | None = None

    @property
    def values(self) -> dict[str, object]:
        """What the conditions ask for."""
        return asked(self.text) if self.text else {}

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """What holds for those that are found."""
        says_so = [says(_found)] if self.text else []
        return says_so + ([has_trouble(_found, self.attention)] if self.attention else [])

    @property
    def kind(self) -> Wanted:
        """The same for any text: as many ways to ask as there are statements."""
        return self._replace(text="any" if self.text else "")


EVERY = Wanted()


def wanted_by(text: str, attention: str | None) -> Wanted:
    """Return which organizations an address asks for."""
    return Wanted(text.strip(), attention if attention in ATTENTION else None)


def list_organizations(wanted: Wanted = EVERY, turn: Turn = FIRST) -> Stretch[ListedOrganization]:
    """Return some of the organizations, by name: one statement, and one to count them if many."""
    place = turn.place._asdict() if turn.place else {}
    rows = _listed(wanted.kind, turn.place is not None, turn.is_back)
    read = rows.rows(**wanted.values, **place, size=SIZE + 1)
    found = [ListedOrganization(*split(row, _KINDS)) for row in read]
    places = [Place(one.organization.name, one.organization.id) for one in found]
    total = len(found)
    if turn.place is not None or total > SIZE:
        total = _counted(wanted.kind).rows(**wanted.values)[0][0]
    return stretch_of(found, places, turn, size=SIZE, total=Counted.of(total))


def turn_of_page(wanted: Wanted, number: int) -> Turn:
    """Return the rows that an address with a page's number asked for: it may be kept somewhere."""
    if number <= 1:
        return FIRST
    found = _placed(wanted.kind).row(**wanted.values, skipped=(number - 1) * SIZE - 1)
    return Turn(Place(*found)) if found else LAST


@cache
def _listed(kind: Wanted, has_place: bool, is_back: bool) -> Statement:
    """Return how they are read: which ones first, along an index, then all that is shown of each.

    So nothing is asked about those that come before or after.
    """
    order = [one.desc() if is_back else one for one in (_found.c.name, _found.c.id)]
    part = (
        select(_found.c.id)
        .where(*kind.conditions, *([beyond(_found, is_back=is_back)] if has_place else []))
        .order_by(*order)
        .limit(parameter("size", BigInteger))
        .subquery("part")
    )
    shown = [one.desc() if is_back else one for one in (_organization.c.name, _organization.c.id)]
    return Statement(
        select(
            *columns(_Organization, _organization),
            *columns(ListedInvoice, _draft),
            *troubles(_organization, _draft),
        )
        .select_from(part)
        .join(_organization, _organization.c.id == part.c.id)
        .outerjoin(
            _draft,
            and_(_draft.c.organization_id == _organization.c.id, _draft.c.status == "draft"),
        )
        .order_by(*shown)
    )


@cache
def _counted(kind: Wanted) -> Statement:
    """Return how they are counted, as far as anybody counts."""
    some: Select[Any] = select(literal_column("1")).select_from(_found).where(*kind.conditions)
    return Statement(select(func.count()).select_from(some.limit(MOST_COUNTED + 1).subquery()))


@cache
def _placed(kind: Wanted) -> Statement:
    """Return how the place after so many of them is found, along the index alone."""
    order = select(_found.c.name, _found.c.id).order_by(_found.c.name, _found.c.id)
    skipped = parameter("skipped", BigInteger)
    return Statement(order.where(*kind.conditions).offset(skipped).limit(1))


_KINDS = (_Organization, ListedInvoice, Troubles)
_organization = Organization.__table__.alias("organization")
_found = Organization.__table__.alias("found")
_draft = Invoice.__table__.alias("draft")
