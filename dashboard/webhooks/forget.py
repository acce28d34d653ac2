"""Events of long ago: removed a few at a time, but for those that are not done or want a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from dashboard.extensions import db

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
