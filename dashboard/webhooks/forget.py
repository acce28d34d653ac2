"""Events of long ago: removed a few at a time, but for those that are not done or want a person.

The lines of an invoice go earlier: they are most of an event, and no handler looks at them.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlalchemy import text

from dashboard.extensions import db
from dashboard.gateway.events import LINES

# Along the key, so that what stays is passed by once.
FORGET = text("""
    with seen as materialized (
        select id, state, received_at < :before as is_old from webhook_events
        where id > :after order by id limit :most
    ), gone as (
        delete from webhook_events using seen
        where webhook_events.id = seen.id and is_old and seen.state in ('processed', 'ignored')
          and webhook_events.state = seen.state
    )
    select count(*), max(id), bool_and(is_old) from seen
""")


def forget_events(after: int, *, before: datetime, most: int) -> int | None:
    """Remove what is done of the next `most` events above id `after`, if received before then.

    Return the id to go on from; None where the rest is younger. The caller commits each time.
    """
    asked = {"after": after, "before": before, "most": most}
    number, last, is_old = db.session.execute(FORGET, asked).one()
    return last if number == most and is_old else None


# Stripe tells an event for thirty days; by then it has been compared with what arrived.
LINES_KEPT = timedelta(days=35)
# A walk a day finds all of these; what it would miss in two months goes with its event.
LOOKS_BACK = timedelta(days=60)
NOT_KEPT = {"object": "list", "not_kept": "The lines are removed after 35 days."}
PRUNE = text("""
    with seen as materialized (
        select id from webhook_events
        where id > greatest(:after, (
                -- The first of then, by its index; those that came together have near ids.
                select min(first.id) - 10000 from (
                    select id from webhook_events where received_at >= :since
                    order by received_at limit 1
                ) as first
            ))
            and received_at < :before and received_at >= :since
        order by id limit :most
    ), pruned as (
        update webhook_events set payload = jsonb_set(payload, :lines, cast(:not_kept as jsonb))
        from seen
        where webhook_events.id = seen.id and state in ('processed', 'ignored')
          and payload #> :lines ? 'data'
    )
    select count(*), max(id) from seen
""")


def prune_lines(after: int, *, now: datetime, most: int) -> int | None:
    """Remove the lines within the next `most` events above id `after` that are done for long.

    Return the id to go on from; None at the end. The caller commits each time.
    """
    asked = {
        "after": after,
        "before": now - LINES_KEPT,
        "since": now - LOOKS_BACK,
        "most": most,
        "lines": list(LINES),
        "not_kept": json.dumps(NOT_KEPT),
    }
    number, last = db.session.execute(PRUNE, asked).one()
    return last if number == most else None
