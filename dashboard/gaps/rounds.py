"""Look through what Stripe has, a page at a time; where each look is, is a row.

A read is one page of a hundred, or one object that no page showed. Whoever is killed reads it
again, and of two who look at once neither is in the other's way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.gaps.again import look_at
from dashboard.gaps.compare import (
    MOST_MISSED,
    customer_gaps,
    invoice_gaps,
    lost_customer,
    lost_invoice,
    missed_customer,
    missed_invoice,
    missing_events,
)
from dashboard.gaps.gap import KEPT_AT_STRIPE, ROUNDS, STATUSES, Gap, Round
from dashboard.gaps.keep import (
    forget,
    is_gaps_turn,
    keep,
    note_seen,
    open_gaps,
    to_look_at_again,
)
from dashboard.gaps.models import GapRound
from dashboard.gateway.customer_records import RemoteCustomer
from dashboard.gateway.errors import GatewayError, Missing, NotNow
from dashboard.gateway.pages import RemotePage
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteInvoice
from dashboard.installation import this_installation
from dashboard.organizations.models import Organization
from dashboard.webhooks.handlers import HANDLERS

# The newest events may be on their way, and the oldest go.
ON_ITS_WAY = timedelta(minutes=15)
LONGEST = KEPT_AT_STRIPE - timedelta(days=1)
TYPES_PER_LIST = 20
MOST_AGAIN = 5
QUIETLY = {"synchronize_session": False}
Save = Callable[[], None]


class _Place(NamedTuple):
    """Where a round is; read before a call, as no transaction is open during it."""

    id: int
    kind: Round
    part: int
    after: str | None
    begun_at: datetime
    # This installation's: what is looked for, and since when.
    identity: str
    since: datetime


def look(
    *, gateway: Gateway, reads: int, now: datetime, checkpoint: Save, is_asked: bool = False
) -> int:
    """Look at what was found again, then further, with so many reads; return how many it took.

    When somebody asked for it, all that is known is looked at again, else a few. No transaction is
    open during a read, and of two looks at once neither is in the other's way.
    A list that cannot be read holds up no other: it is left for the next look, and `GatewayError`
    is raised in the end. What was read by then is kept.
    """
    again = open_gaps(most=reads) if is_asked else to_look_at_again(now=now, most=_share(reads))
    taken, failed = 0, list[GatewayError]()
    for gap_id in [row.id for row in again]:
        try:
            taken += look_at(gap_id, gateway=gateway, now=now, checkpoint=checkpoint)
        except GatewayError as error:
            # One that cannot be read is in the way of no other, nor of the lists.
            db.session.rollback()
            failed.append(error)
            taken += 1
            if isinstance(error, NotNow):
                break
    left, begun = reads - taken, set[str]()
    while left > 0 and not _is_away(failed) and (round_id := _next_round(begun, now)) is not None:
        checkpoint()
        cost, why = _go_on(round_id, gateway, left, now, checkpoint)
        left -= cost
        taken += cost
        if why is not None:
            failed.append(why)
        if isinstance(why, Missing):
            # What it went on after is gone: it begins anew.
            _end(round_id, now)
            checkpoint()
    forget(now=now)
    checkpoint()
    if failed:
        raise failed[0]
    return taken


def _share(reads: int) -> int:
    """Return how many known gaps may be looked at again: half the reads, a single one in turn."""
    return min(reads // 2 if reads > 1 else int(reads > 0 and is_gaps_turn()), MOST_AGAIN)


def _is_away(failed: list[GatewayError]) -> bool:
    return any(isinstance(one, NotNow) for one in failed)


def _go_on(
    round_id: int, gateway: Gateway, most: int, now: datetime, checkpoint: Save
) -> tuple[int, GatewayError | None]:
    """Go on with a round, page by page, as far as so many reads lead.

    Return how many it took, with the one that failed, and how that did.
    """
    left, taken = most, 0
    while left > 0 and (place := _place(round_id)) is not None:
        checkpoint()
        try:
            cost = _step(place, gateway, now, checkpoint)
        except GatewayError as error:
            db.session.rollback()
            return taken + 1, error
        checkpoint()
        left -= max(cost, 1)
        taken += cost
    return taken, None


def _next_round(begun: set[str], now: datetime) -> int | None:
    """Return the id of the round to go on with: of the kind that was looked at longest ago.

    It joins `begun`. Whatever becomes of it, another one is looked at first the next time.
    """
    last = dict[str, datetime](
        db.session.execute(
            select(GapRound.kind, func.max(GapRound.moved_at)).group_by(GapRound.kind)
        ).all()
    )
    waiting = [kind for kind in ROUNDS if kind not in begun]
    if not waiting:
        return None
    kind = min(waiting, key=lambda one: last[one].timestamp() if one in last else 0)
    begun.add(kind)
    # Another look may begin it at the same moment.
    fresh = insert(GapRound).values(kind=kind, part=0, reads=0, seen=0, begun_at=now, moved_at=now)
    db.session.execute(fresh.on_conflict_do_nothing())
    going = update(GapRound).where(GapRound.kind == kind, GapRound.ended_at.is_(None))
    return db.session.scalar(
        going.values(moved_at=now).returning(GapRound.id), execution_options=QUIETLY
    )


def _place(round_id: int) -> _Place | None:
    """Return where a round is; None once it is over."""
    query = select(
        GapRound.id, GapRound.kind, GapRound.part, GapRound.after, GapRound.begun_at
    ).where(GapRound.id == round_id, GapRound.ended_at.is_(None))
    row = db.session.execute(query).one_or_none()
    ours = this_installation()
    return None if row is None else _Place(*row, ours.identity, ours.created_at)  # type: ignore[arg-type]  # of ROUNDS


def _move(place: _Place, now: datetime, *, reads: int, seen: int = 0, **to: Any) -> None:
    """Let a round go on from where it was, unless another look has moved it meanwhile."""
    moved = update(GapRound).where(
        GapRound.id == place.id,
        GapRound.part == place.part,
        GapRound.after.is_not_distinct_from(place.after),
        GapRound.ended_at.is_(None),
    )
    values = {"moved_at": now, "reads": GapRound.reads + reads, "seen": GapRound.seen + seen}
    db.session.execute(moved.values(**values, **to), execution_options=QUIETLY)


def _end(round_id: int, now: datetime) -> None:
    ended = update(GapRound).where(GapRound.id == round_id, GapRound.ended_at.is_(None))
    db.session.execute(ended.values(ended_at=now), execution_options=QUIETLY)


def _step(place: _Place, gateway: Gateway, now: datetime, checkpoint: Save) -> int:
    """Read one page of a round, or at its end what no page showed; return the reads it took."""
    if place.kind == "events":
        return _events(place, gateway, now)
    if place.part:
        return _missed(place, gateway, now, checkpoint)
    shown: RemotePage[RemoteCustomer] | RemotePage[RemoteInvoice]
    if place.kind == "customers":
        shown = customers = gateway.customers_page(place.identity, after=place.after)
        keep(customer_gaps(customers.items), now=now)
    else:
        status = "draft" if place.kind == "drafts" else "open"
        shown = invoices = gateway.invoices_page(place.identity, status, after=place.after)
        keep(invoice_gaps(invoices.items), now=now)
    note_seen((one.id for one in shown.items), now=now)
    to: dict[str, Any] = {"after": shown.after}
    if shown.after is None:
        is_over = _left_out(place) is None
        to |= {"ended_at": now} if is_over else {"part": 1}
    _move(place, now, reads=1, seen=len(shown.items), **to)
    return 1


def _events(place: _Place, gateway: Gateway, now: datetime) -> int:
    since = max(place.since, place.begun_at - LONGEST)
    types = tuple(HANDLERS)[place.part * TYPES_PER_LIST :][:TYPES_PER_LIST]
    until = place.begun_at - ON_ITS_WAY
    if since >= until:
        _end(place.id, now)
        return 0
    page = gateway.events_page(types, since, until, after=place.after)
    keep(missing_events(page.items), now=now)
    to: dict[str, Any] = {"after": page.after}
    if page.after is None:
        to["part"] = place.part + 1
        if to["part"] * TYPES_PER_LIST >= len(HANDLERS):
            to["ended_at"] = now
    _move(place, now, reads=1, seen=len(page.items), **to)
    return 1


def _missed(place: _Place, gateway: Gateway, now: datetime, checkpoint: Save) -> int:
    """Read one that no page showed; return the reads it took.

    Each has its turn in a round, and those that were read longest ago come first in the next.
    """
    stripe_id = _left_out(place)
    if stripe_id is None or place.part > MOST_MISSED:
        _end(place.id, now)
        return 0
    checkpoint()
    gap = _gap_of(place, stripe_id, gateway)
    keep([gap] if gap else [], now=now)
    note_seen([stripe_id], now=now)
    _move(place, now, reads=1, part=place.part + 1)
    return 1


def _left_out(place: _Place) -> str | None:
    """Return Stripe's name of what no page of the round showed."""
    if place.kind == "customers":
        return missed_customer(since=place.begun_at)
    return missed_invoice(STATUSES[place.kind], since=place.begun_at)


def _gap_of(place: _Place, stripe_id: str, gateway: Gateway) -> Gap | None:
    if place.kind == "customers":
        return _gap_of_customer(stripe_id, gateway)
    try:
        found: Sequence[Gap] = list(invoice_gaps([gateway.invoice(stripe_id)]))
    except Missing:
        own = select(Invoice).where(Invoice.stripe_invoice_id == stripe_id)
        invoice = db.session.scalar(own)
        return lost_invoice(invoice) if invoice else None
    return found[0] if found else None


def _gap_of_customer(stripe_id: str, gateway: Gateway) -> Gap | None:
    try:
        is_lost = gateway.customer(stripe_id).is_deleted
    except Missing:
        is_lost = True
    own = select(Organization).where(
        Organization.stripe_customer_id == stripe_id, Organization.customer_lost_at.is_(None)
    )
    organization = db.session.scalar(own) if is_lost else None
    return lost_customer(organization) if organization else None
