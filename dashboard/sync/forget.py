"""Runs of long ago, and their steps: removed a few at a time, never one that is still needed.

What stays however old it is: a run that is under way, one with a step that is not settled, every
run of an invoice that is not issued or is on hold (its last schedule decides what follows), and the
newest of each invoice.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from dashboard.extensions import db

# Along the key, so that what stays is passed by once; row by row nobody else wants any of these.
OLD = text("""
    with seen as materialized (
        select id, invoice_id, state, created_at from sync_runs
        where id > :after order by id limit :most
    )
    select id, created_at < :before as is_old,
           created_at < :before and state in ('succeeded', 'failed')
           and exists (select from invoices where invoices.id = seen.invoice_id
                       and status in ('open', 'paid', 'uncollectible', 'void')
                       and parked_at is null)
           and exists (select from sync_runs as newer
                       where newer.invoice_id = seen.invoice_id and newer.id > seen.id)
           and not exists (select from sync_steps where run_id = seen.id and outcome is null)
    from seen order by id
""")
STEPS = text("delete from sync_steps where run_id = any(:ids)")
RUNS = text("delete from sync_runs where id = any(:ids)")


def forget_runs(after: int, *, before: datetime, most: int) -> int | None:
    """Remove what is not needed of the next `most` runs above id `after`, if made before then.

    Return the id to go on from; None where the rest is younger. The caller commits each time.
    """
    seen = db.session.execute(OLD, {"after": after, "before": before, "most": most}).all()
    ids = [one for one, _, is_over in seen if is_over]
    if ids:
        db.session.execute(STEPS, {"ids": ids})
        db.session.execute(RUNS, {"ids": ids})
    return seen[-1].id if len(seen) == most and seen[-1].is_old else None
