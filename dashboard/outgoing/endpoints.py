"""Endpoints: registered, changed, paused, given another secret, and removed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from dashboard.accounts.factors.sealing import CannotOpen, open_sealed, seal, seal_anew
from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.extensions import db
from dashboard.outgoing.again import replay
from dashboard.outgoing.kinds import CHOOSABLE
from dashboard.outgoing.models import EventDelivery, EventEndpoint
from dashboard.outgoing.reach import Network, target_of
from dashboard.outgoing.signing import new_secret

# As the column has it.
LONGEST_LABEL = 100
# Each is a row more for every event.
MOST_ENDPOINTS = 20
LONGEST_ROLL = timedelta(days=7)
# What is told near the moment of a switch-off may bear an earlier instant than that moment.
MARGIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an endpoint is to be; `kinds` None: every kind, also those of later releases."""

    url: str
    label: str
    kinds: Sequence[str] | None = None


def register(
    wanted: Wanted,
    *,
    allowed: Sequence[Network],
    keys: Sequence[str],
    now: datetime,
    actor: Actor,
) -> tuple[EventEndpoint, str]:
    """Return a new endpoint and its secret, which is told this once.

    `keys` seal it. Raises `Invalid` for a wrong address or kind, `Conflict` for one too many.
    """
    _check(wanted, allowed)
    _refuse_second(wanted, None)
    there = select(func.count()).where(EventEndpoint.state != "removed")
    if (db.session.scalar(there) or 0) >= MOST_ENDPOINTS:
        raise Conflict(
            f"There are {MOST_ENDPOINTS} endpoints, and no more are possible. Nothing was "
            "changed. Remove one first."
        )
    secret, sealed = _new(keys)
    endpoint = EventEndpoint(
        url=wanted.url,
        label=wanted.label,
        kinds=_kinds(wanted),
        state="on",
        changed_at=now,
        secret=sealed,
        created_at=now,
        failures=0,
    )
    db.session.add(endpoint)
    write_entry("event_endpoint.registered", endpoint, actor, _facts(endpoint), now=now)
    return endpoint, secret


def change(
    endpoint: EventEndpoint,
    wanted: Wanted,
    *,
    allowed: Sequence[Network],
    now: datetime,
    actor: Actor,
) -> None:
    """Change where an endpoint is, what it is called or what it gets; the same changes nothing.

    What waits already is sent to the new address. Raises `Invalid`.
    """
    _check(wanted, allowed)
    _refuse_removed(endpoint)
    _refuse_second(wanted, endpoint.id)
    before = _facts(endpoint)
    endpoint.url, endpoint.label, endpoint.kinds = wanted.url, wanted.label, _kinds(wanted)
    if before == _facts(endpoint):
        return
    if before["url"] != endpoint.url:
        # What is known of the old address says nothing of this one.
        endpoint.failures, endpoint.failing_since, endpoint.not_before = 0, None, None
        _send_now(endpoint, now)
    facts = _facts(endpoint) | {"before": before["url"]}
    write_entry("event_endpoint.changed", endpoint, actor, facts, now=now)


def roll(
    endpoint: EventEndpoint,
    *,
    overlap: timedelta,
    keys: Sequence[str],
    now: datetime,
    actor: Actor,
) -> str:
    """Return another secret, told this once; until `overlap` is over the old one signs too.

    Without an overlap every former one ends at once, and so does one that no key opens any more.
    Raises `Conflict` while two sign already, `Invalid` for an overlap of more than a week.
    """
    _refuse_removed(endpoint)
    if not timedelta() <= overlap <= LONGEST_ROLL:
        raise Invalid("Choose from 0 to 168 hours. Nothing was changed.", field="hours")
    is_kept = bool(overlap and _opened([endpoint.secret], keys))
    ends = now + overlap if is_kept else now
    secret, sealed = _new(keys)
    change = update(EventEndpoint).where(EventEndpoint.id == endpoint.id)
    if is_kept:
        # Of two people who ask at the same time one waits here, and finds that two sign.
        is_free = EventEndpoint.former_until.is_(None) | (EventEndpoint.former_until <= now)
        change = change.where(is_free).values(former_secret=EventEndpoint.secret, former_until=ends)
    else:
        change = change.values(former_secret=None, former_until=None)
    change = change.values(secret=sealed)
    if db.session.scalar(change.returning(EventEndpoint.id)) is None:
        raise Conflict(
            "Two secrets of this endpoint sign already. Nothing was changed. Wait until the old "
            "one ends, or choose 0 hours, which ends both at once."
        )
    db.session.refresh(endpoint)
    facts = {"label": endpoint.label, "url": endpoint.url, "ends": ends.isoformat()}
    write_entry("event_endpoint.rolled", endpoint, actor, facts, now=now)
    return secret


def secrets_of(endpoint: EventEndpoint, keys: Sequence[str], *, now: datetime) -> list[str]:
    """Return the secrets that sign now, the newest first; raises `CannotOpen`.

    A former one that no key opens is left out: one signature that is right is enough.
    """
    if endpoint.secret is None:
        raise CannotOpen
    former = [endpoint.former_secret] if endpoint.is_rolling(now) else []
    return [open_sealed(endpoint.secret, keys), *_opened(former, keys)]


def _opened(sealed: Sequence[str | None], keys: Sequence[str]) -> list[str]:
    """Return those of these secrets that a key opens."""
    found = []
    for one in sealed:
        with suppress(CannotOpen):
            if one is not None:
                found.append(open_sealed(one, keys))
    return found


def seal_secrets_anew(keys: Sequence[str]) -> None:
    """Seal what is kept of secrets with the present key, so that a former one can be given up."""
    for endpoint in every_endpoint():
        for column in (EventEndpoint.secret, EventEndpoint.former_secret):
            sealed = getattr(endpoint, column.key)
            with suppress(CannotOpen):
                # Not of one that is rolled at the same time.
                is_same = (EventEndpoint.id == endpoint.id) & (column == sealed)
                if sealed is not None:
                    anew = update(EventEndpoint).where(is_same)
                    db.session.execute(anew.values({column: seal_anew(sealed, keys)}))


def pause(endpoint: EventEndpoint, *, now: datetime, actor: Actor) -> None:
    """Hold events back: they wait, in order, until it is resumed. Again it changes nothing."""
    _refuse_removed(endpoint)
    if endpoint.state == "paused":
        return
    if endpoint.state == "off":
        raise Conflict("This endpoint is off. Nothing was changed. Switch it on instead.")
    endpoint.state, endpoint.changed_at = "paused", now
    facts = {"label": endpoint.label, "url": endpoint.url}
    write_entry("event_endpoint.paused", endpoint, actor, facts, now=now)


def resume(endpoint: EventEndpoint, *, makes_up: bool = True, now: datetime, actor: Actor) -> int:
    """Send events again; return how many are made up for.

    For one that was off these are the events that never arrived since it began to fail, if it
    `makes_up`. One that is on stays so.
    """
    _refuse_removed(endpoint)
    if endpoint.state == "on":
        return 0
    failing_since = endpoint.failing_since or endpoint.changed_at
    since = min(failing_since, endpoint.changed_at) - MARGIN
    is_owed = endpoint.state == "off" and makes_up
    endpoint.state, endpoint.why_off, endpoint.changed_at = "on", None, now
    endpoint.failures, endpoint.failing_since, endpoint.not_before = 0, None, None
    db.session.flush()
    made_up = replay(endpoint, since=since, now=now) if is_owed else 0
    _send_now(endpoint, now)
    facts = {"label": endpoint.label, "url": endpoint.url, "events": made_up}
    write_entry("event_endpoint.resumed", endpoint, actor, facts, now=now)
    return made_up


def remove(endpoint: EventEndpoint, *, now: datetime, actor: Actor) -> None:
    """Send nothing to an endpoint any more, for good; what waited is dropped."""
    if endpoint.state == "removed":
        return
    facts = {"label": endpoint.label, "url": endpoint.url}
    write_entry("event_endpoint.removed", endpoint, actor, facts, now=now)
    # The row stays: who tells something just now refers to it.
    endpoint.state, endpoint.changed_at = "removed", now
    endpoint.secret = endpoint.former_secret = endpoint.former_until = None
    db.session.flush()
    waits = update(EventDelivery).where(
        EventDelivery.endpoint_id == endpoint.id, EventDelivery.state == "waits"
    )
    dropped = waits.values(state="dropped", ended_at=now, problem="The endpoint was removed.")
    db.session.execute(dropped, execution_options={"synchronize_session": False})


def endpoint_by_id(endpoint_id: int) -> EventEndpoint:
    """Return one endpoint; raise `NotFound`, also for one that was removed."""
    found = db.session.get(EventEndpoint, endpoint_id)
    if found is None or found.state == "removed":
        raise NotFound(f"There is no event endpoint {endpoint_id}.")
    return found


def every_endpoint() -> Sequence[EventEndpoint]:
    """Return the endpoints that there are, in the order in which they were registered."""
    query = select(EventEndpoint).where(EventEndpoint.state != "removed")
    return db.session.scalars(query.order_by(EventEndpoint.id)).all()


def _new(keys: Sequence[str]) -> tuple[str, str]:
    """Return a new secret, and the same sealed."""
    secret = new_secret()
    return secret, seal(secret, keys)


def _send_now(endpoint: EventEndpoint, now: datetime) -> None:
    """Begin anew with all that waits: what was tried long ago is not given up for its age."""
    waits = update(EventDelivery).where(
        EventDelivery.endpoint_id == endpoint.id, EventDelivery.state == "waits"
    )
    sent = waits.values(attempts=0, first_attempt_at=None, next_attempt_at=now)
    db.session.execute(sent, execution_options={"synchronize_session": False})


def _check(wanted: Wanted, allowed: Sequence[Network]) -> None:
    target_of(wanted.url, allowed)
    unknown = sorted(_unknown(wanted.kinds or ()))
    if unknown or wanted.kinds == []:
        wrong = ", ".join(unknown) or "none given"
        raise Invalid(f"These kinds are wrong: {wrong}. Nothing was changed.", field="kinds")


def _refuse_second(wanted: Wanted, endpoint_id: int | None) -> None:
    query = select(EventEndpoint.label).where(
        EventEndpoint.url == wanted.url,
        EventEndpoint.state != "removed",
        EventEndpoint.id.is_distinct_from(endpoint_id),
    )
    other = db.session.scalar(query.limit(1))
    if other is not None:
        raise Conflict(
            f"This address is registered as {other} already. Nothing was changed. Change that "
            "endpoint, or roll its secret if it is lost."
        )


def _unknown(kinds: Collection[str]) -> set[str]:
    return set(kinds) - set(CHOOSABLE)


def _kinds(wanted: Wanted) -> list[str] | None:
    return None if wanted.kinds is None else sorted(set(wanted.kinds))


def _facts(endpoint: EventEndpoint) -> dict[str, object]:
    kinds = "all" if endpoint.kinds is None else list(endpoint.kinds)
    return {"label": endpoint.label, "url": endpoint.url, "kinds": kinds}


def _refuse_removed(endpoint: EventEndpoint) -> None:
    if endpoint.state == "removed":
        raise NotFound(f"There is no event endpoint {endpoint.id}.")
