"""Members of acts that were over long ago: removed a few at a time; the act's own row stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from dashboard.extensions import db

# Along the key, so that what stays is passed by once.
FORGET = text("""
    with seen as materialized (
        select bulk_members.id, coalesce(finished_at < :before, false) as is_old
        from bulk_members join bulk_actions on bulk_actions.id = act_id
        where bulk_members.id > :after order by bulk_members.id limit :most
    ), gone as (
        delete from bulk_members using seen where bulk_members.id = seen.id and is_old
    )
    select count(*), max(id), bool_and(is_old) from seen
""")


def forget_members(after: int, *, before: datetime, most: int) -> int | None:
    """Remove the next `most` members above id `after`, if their acts were over before then.

    Return the id to go on from; None where the rest is younger. The caller commits each time.
    """
    asked = {"after": after, "before": before, "most": most}
    number, last, is_old = db.session.execute(FORGET, asked).one()
    return last if number == most and is_old else None
