"""What people do with a thing that needs one: take it, put it off, note something.

None of it settles anything: that is done on the page that its action leads to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.errors import NotFound, Stale
from dashboard.extensions import db
from dashboard.needs.kinds import KINDS
from dashboard.needs.models import Need

GONE = "That is already settled, or was never there. Nothing was changed. Reload the list."


def need_of(need_id: int) -> Need:
    """Return something that needs a person, settled or not; raise `NotFound`."""
    found = db.session.get(Need, need_id)
    if found is None:
        raise NotFound(GONE)
    return found


def take(need: Need, *, seen: int | None, actor: Actor, now: datetime) -> None:
    """Make it the actor's own; raise `Stale` when another than `seen` has it by now."""
    _own(need, actor.id, seen=seen, now=now)
    write_entry("need.taken", need, actor, _about(need), now=now)


def give_back(need: Need, *, actor: Actor, now: datetime) -> None:
    """Make it nobody's; raise `Stale` when it is not the actor's any more."""
    _own(need, None, seen=actor.id, now=now)
    write_entry("need.given_back", need, actor, _about(need), now=now)


def snooze(need: Need, until: datetime | None, *, actor: Actor, now: datetime) -> None:
    """Put it off until then, or with None show it again."""
    _write(need, {"snoozed_until": until}, now=now)
    if until is None:
        write_entry("need.woken", need, actor, _about(need), now=now)
    else:
        facts = _about(need) | {"until": until.isoformat()}
        write_entry("need.snoozed", need, actor, facts, now=now)


def note(need: Need, text: str, *, actor: Actor, now: datetime) -> None:
    """Keep a note with it, in the place of the one before; an empty one removes it."""
    before, after = need.note, text.strip() or None
    if before == after:
        return
    _write(need, {"note": after}, now=now)
    facts = {"before": before, "after": after}
    write_entry("need.noted", need, actor, _about(need) | facts, now=now)


def _own(need: Need, owner_id: int | None, *, seen: int | None, now: datetime) -> None:
    is_as_seen = Need.owner_id == seen if seen is not None else Need.owner_id.is_(None)
    if not _write(need, {"owner_id": owner_id}, is_as_seen, now=now):
        raise Stale("The owner changed meanwhile. Nothing was changed. Reload the list.")


def _write(need: Need, values: Mapping[str, Any], *conditions: Any, now: datetime) -> bool:
    """Write where it is still open and as the conditions say; whether it was."""
    if need.settled_at is not None:
        raise Stale(GONE)
    written = (
        update(Need)
        .where(Need.id == need.id, Need.settled_at.is_(None), *conditions)
        .values(**values, changed_at=now)
        .returning(Need.id)
    )
    found = db.session.scalar(written, execution_options={"synchronize_session": False})
    db.session.refresh(need)
    if need.settled_at is not None:
        raise Stale(GONE)
    return found is not None


def _about(need: Need) -> dict[str, Any]:
    return {"kind": KINDS[need.kind].word, "subject": need.subject}
