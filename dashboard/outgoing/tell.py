"""What happened is told in its own transaction, once, to every endpoint that wants its kind.

One statement writes the events and their deliveries. Whatever tells the same again, an event of
Stripe's that is doubled or late or a second worker, finds the occasion taken; where no endpoint is
registered that wants it, nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from dashboard.extensions import db
from dashboard.outgoing.kinds import EVENT_KINDS
from dashboard.rehearsal import rehearses

TELL = text("""
    with told as (
        select * from jsonb_to_recordset(cast(:facts as jsonb)) as told (
            kind text, occasion text, ordering_key text, organization_id bigint,
            happened_at timestamptz, data jsonb)
    ), kept as (
        insert into outgoing_events
            (name, kind, occasion, ordering_key, organization_id, happened_at, created_at, data)
        select 'msg_' || replace(gen_random_uuid()::text, '-', ''), told.kind, told.occasion,
               told.ordering_key, told.organization_id, told.happened_at, :now,
               case when organizations.id is null then told.data
                    else jsonb_build_object('organization', organizations.slug) || told.data end
        from told
        left join organizations on organizations.id = told.organization_id
        where exists (
            select from event_endpoints as endpoint
            where endpoint.state <> 'removed'
              and (endpoint.kinds is null or told.kind = any(endpoint.kinds)))
        order by told.occasion
        on conflict (occasion) do nothing
        returning id, kind, ordering_key
    )
    insert into event_deliveries (endpoint_id, event_id, ordering_key, created_at, next_attempt_at)
    select endpoint.id, kept.id, kept.ordering_key, :now, :now
    from kept
    join event_endpoints as endpoint
        on endpoint.state in ('on', 'paused')
       and (endpoint.kinds is null or kept.kind = any(endpoint.kinds))
    order by kept.id, endpoint.id
""")

LISTENING = text("select kinds from event_endpoints where state <> 'removed'")
# In a session's `info`: its transaction, and the kinds that anybody wants in it.
_WANTED = "wanted_kinds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened `at`: its `subject` is the same whoever tells of it.

    `ordering_key` is what it keeps the order of; `data` is JSON-safe, amounts in minor units.
    """

    kind: str
    subject: str
    ordering_key: str
    at: datetime
    data: Mapping[str, Any]
    organization_id: int | None = None

    @property
    def occasion(self) -> str:
        """By what it is known: each is told once."""
        return f"{self.kind}:{self.subject}"


def is_told(kind: str) -> bool:
    """Whether an endpoint is registered that wants events of a kind.

    Looked up once in a transaction: a batch that pays a thousand bills asks no thousand times.
    """
    session = db.session()
    session.connection()
    of, wanted = session.info.get(_WANTED, (None, frozenset[str]()))
    if of is not session.get_transaction():
        wanted = _wanted()
        session.info[_WANTED] = session.get_transaction(), wanted
    return kind in wanted


def _wanted() -> frozenset[str]:
    with db.session.no_autoflush:
        kinds = db.session.scalars(LISTENING).all()
    return frozenset(one for some in kinds for one in (EVENT_KINDS if some is None else some))


def tell(facts: Collection[Fact], *, now: datetime) -> None:
    """Tell the endpoints what happened, once; a rehearsal tells nobody.

    Facts of one ordering key are told while what they are about is locked: so they are in order.
    """
    if rehearses() or not any(is_told(one.kind) for one in facts):
        return
    rows = [
        {
            "kind": one.kind,
            "occasion": one.occasion,
            "ordering_key": one.ordering_key,
            "organization_id": one.organization_id,
            "happened_at": one.at.isoformat(),
            "data": dict(one.data),
        }
        for one in facts
    ]
    # What else was changed is written once, when all of it is known.
    with db.session.no_autoflush:
        db.session.execute(TELL, {"facts": json.dumps(rows), "now": now})
