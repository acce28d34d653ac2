"""What an unchanged poll asks: who it is, and the tag of the bill as it is now; one statement.

It is the first statement of a bill's page (see `opening`) without what only the page needs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, String, select, true

from dashboard.accounts.identity import HOLDS, IDENTITY, SIGNED_IN, Identity
from dashboard.accounts.permissions import Permission
from dashboard.accounts.sessions import SessionKey
from dashboard.billing.models import Invoice
from dashboard.organizations.models import Organization
from dashboard.reading.earlier import earlier_invoices
from dashboard.reading.opening import added_lines, last_issued, latest_run
from dashboard.reading.rows import AddedLines, LastIssued, LatestRun
from dashboard.reading.tag import Beside, Moving, Terms, tag_of
from dashboard.statement import Statement, columns, parameter, split
from dashboard.usage.waiting import waits_of

_SIZE = len(IDENTITY)


def polled_tag(
    connection: Connection, key: SessionKey, slug: str, *, needed: Permission, now: datetime
) -> str | None:
    """Return the tag that the current invoice of `slug` has now.

    None for anybody who does not hold what is `needed`, where there is no such invoice, and while
    usage waits that is not on it yet: what is to be said then is not said here.
    """
    rows = _POLLED.rows_on(connection, {**key._asdict(), "slug": slug})
    if not rows:
        return None
    *identity, has_waiting, earlier = rows[0][: _SIZE + 2]
    if has_waiting or not Identity.of(identity).holds(needed, slug):
        return None
    terms, invoice, run, added, last = split(rows[0][_SIZE + 2 :], _KINDS)
    return tag_of(invoice, run, added, Beside(terms, earlier, last), now=now)


def _polled() -> Select[Any]:
    organization = Organization.__table__.alias("organization")
    draft = Invoice.__table__.alias("draft")
    run, added = latest_run(draft.c.id), added_lines(draft.c.id)
    earlier, last = earlier_invoices(organization, draft), last_issued(draft)
    is_wanted = organization.c.slug == parameter("slug", String)
    is_current = (draft.c.organization_id == organization.c.id) & (draft.c.status == "draft")
    return (
        select(
            *IDENTITY,
            waits_of(organization.c.id).label("has_waiting"),
            earlier.c.told.label("earlier"),
            *columns(Terms, organization),
            *columns(Moving, draft),
            *columns(LatestRun, run),
            *columns(AddedLines, added),
            *columns(LastIssued, last),
        )
        .select_from(
            SIGNED_IN.join(organization, is_wanted)
            .join(draft, is_current)
            .outerjoin(run, true())
            .join(added, true())
            .join(earlier, true())
            .outerjoin(last, true())
        )
        .where(*HOLDS)
    )


_KINDS = (Terms, Moving, LatestRun, AddedLines, LastIssued)
_POLLED = Statement(_polled())
