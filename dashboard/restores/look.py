"""Read back what was made at Stripe since the moment that the ledger was restored to.

A page at a time; where it is, is a row, so whoever is killed reads one page again. The newest come
first, so each list ends at that moment: what is older the ledger knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple, TypeVar

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from dashboard.audit.actor import SYSTEM, Actor
from dashboard.audit.write import write_entry
from dashboard.errors import Conflict
from dashboard.extensions import db
from dashboard.gateway.customer_records import RemoteCustomer
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteInvoice
from dashboard.installation import this_installation
from dashboard.restores.compare import of_customers, of_events, of_invoices, of_mark
from dashboard.restores.finding import KINDS, Finding
from dashboard.restores.mark_row import forget, read_mark, this_mark
from dashboard.restores.models import Restore, RestoreFinding, held_for_change
from dashboard.restores.notice import open_restore
from dashboard.webhooks.backfill import backfill

Save = Callable[[], None]
Made = TypeVar("Made", RemoteCustomer, RemoteInvoice)
# After the events, which are listed first. The mark is read last: what is found on it is known from
# the release on.
LISTS = ("customers", "draft", "open", "paid", "uncollectible", "mark")


class _Place(NamedTuple):
    """Where a look is; read before a call, as no transaction is open during it."""

    id: int
    since: datetime
    place: int
    after: str | None
    identity: str


def look_back(*, gateway: Gateway, reads: int, now: datetime, checkpoint: Save) -> bool:
    """Go on with the look, with so many reads of lists; return whether it is over.

    Raises `GatewayError`; what was read by then is kept. No transaction is open during a read.
    """
    for _ in range(reads):
        place = _place()
        if place is None:
            return True
        checkpoint()
        if place.place == 0:
            _events(place, gateway, now, checkpoint)
        elif place.place <= len(LISTS):
            _list(place, gateway, now, checkpoint)
        else:
            _end(place, now)
        checkpoint()
    return _place() is None


def ask_look(*, actor: Actor, now: datetime) -> None:
    """Have Stripe read back from the beginning: what was put right there is found no more.

    Raises `Conflict` where nothing is restored.
    """
    query = select(Restore).where(Restore.released_at.is_(None))
    restore = db.session.scalars(held_for_change(query)).one_or_none()
    if restore is None:
        raise Conflict("The ledger is released already. Nothing was changed. Reload the page.")
    restore.place, restore.after, restore.looked_at = 0, None, None
    db.session.execute(
        delete(RestoreFinding).where(
            RestoreFinding.restore_id == restore.id,
            RestoreFinding.settled_at.is_(None),
            RestoreFinding.asked_at.is_(None),
        )
    )
    write_entry("ledger.look_asked", restore, actor, {}, now=now)


def findings_of(restore: Restore) -> list[RestoreFinding]:
    """Return what was found after a restore, what counts first."""
    query = select(RestoreFinding).where(RestoreFinding.restore_id == restore.id)
    rows = db.session.scalars(query.order_by(RestoreFinding.id)).all()
    return sorted(
        (one for one in rows if one.kind in KINDS),
        key=lambda one: (one.settled_at is not None, not KINDS[one.kind].counts, one.id),
    )


def unsettled(restore: Restore) -> list[RestoreFinding]:
    """Return what counts and is not put right."""
    return [
        one for one in findings_of(restore) if one.settled_at is None and KINDS[one.kind].counts
    ]


def _events(place: _Place, gateway: Gateway, now: datetime, checkpoint: Save) -> None:
    """Have every event in the inbox: its mark is of the restored ledger, and so before then."""
    for _ in backfill(gateway=gateway, now=now):
        checkpoint()
    _move(place, place.place + 1, None)


def _list(place: _Place, gateway: Gateway, now: datetime, checkpoint: Save) -> None:
    name = LISTS[place.place - 1]
    found: Iterable[Finding]
    if name == "mark":
        _mark(place, gateway, now, checkpoint)
        return
    if name == "customers":
        customers = gateway.customers_page(place.identity, after=place.after)
        after, found = customers.after, of_customers(_since(customers.items, place))
    else:
        invoices = gateway.invoices_page(place.identity, name, after=place.after)
        after, found = invoices.after, of_invoices(_since(invoices.items, place))
    _keep(place.id, found, now)
    if after is not None and int(after) < place.since.timestamp():
        after = None
    _move(place, place.place + (after is None), after)


def _since(made: Sequence[Made], place: _Place) -> list[Made]:
    """Leave out what the page has of before then: what is apart of it was so already."""
    # Stripe's instants are whole seconds.
    since = place.since.replace(microsecond=0)
    return [one for one in made if one.created_at is None or one.created_at >= since]


def _mark(place: _Place, gateway: Gateway, now: datetime, checkpoint: Save) -> None:
    """Find marks that the ledger does not know, or forget an object that is gone."""
    mark = this_mark()
    stripe_id, known = mark.stripe_id, set(mark.names)
    checkpoint()
    if stripe_id is not None:
        remote = read_mark(gateway, stripe_id)
        mark = this_mark()
        if remote.is_deleted and mark.stripe_id == stripe_id:
            forget(mark)
        _keep(place.id, of_mark(remote.names - known - set(mark.names)), now)
    _move(place, place.place + 1, None)


def _end(place: _Place, now: datetime) -> None:
    """End the look, unless somebody had it begin again meanwhile."""
    # Events are many; the row is held only once they were read.
    found = list(of_events(place.since))
    restore = _held(place)
    if restore is not None and restore.looked_at is None:
        _keep(place.id, found, now)
        restore.looked_at = now
        facts = {"found": len(findings_of(restore)), "counts": len(unsettled(restore))}
        write_entry("ledger.looked_back", restore, SYSTEM, facts, now=now)


def _keep(restore_id: int, found: Iterable[Finding], now: datetime) -> None:
    # Another look may find it at the same moment.
    values = [asdict(one) | {"restore_id": restore_id, "found_at": now} for one in found]
    if values:
        db.session.execute(insert(RestoreFinding).on_conflict_do_nothing(), values)


def _place() -> _Place | None:
    """Return where the look is; None once it is over, or where nothing is restored."""
    restore = open_restore()
    if restore is None:
        return None
    db.session.refresh(restore)
    if restore.looked_at is not None:
        return None
    whose = this_installation().identity
    return _Place(restore.id, restore.since, restore.place, restore.after, whose)


def _move(place: _Place, to: int, after: str | None) -> None:
    """Go on from where the look was, unless another one has moved it meanwhile."""
    restore = _held(place)
    if restore is not None:
        restore.place, restore.after = to, after
        restore.reads += 1


def _held(place: _Place) -> Restore | None:
    """Return the restore, held until the commit, if the look is still where it was read."""
    query = held_for_change(select(Restore).where(Restore.id == place.id))
    restore = db.session.scalars(query).one()
    is_there = (restore.place, restore.after, restore.since) == (
        place.place,
        place.after,
        place.since,
    )
    return restore if is_there and restore.released_at is None else None
