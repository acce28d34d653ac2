"""The audit trail as pages and exports read it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, Select, String, column, or_, select, table, text
from sqlalchemy.orm import Session

from dashboard.audit.models import AuditEntry
from dashboard.day_range import within
from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.keyset import Key, in_order, log_of
from dashboard.paging import NEWEST_FIRST, Asked, Stretch

SIZE = 50
EXPORT_BATCH = 500

# Named here rather than imported: organizations are built on the audit trail.
_organizations = table(
    "organizations", column("id"), column("slug", String), column("currency", String)
)
_owner = _organizations.alias("owner")
# From one name to the next along an index: there are few, of millions of entries.
ACTORS = text("""
    with recursive every as (
        (select actor_label from audit_entries order by actor_label limit 1)
        union all
        select (select actor_label from audit_entries
                where actor_label > every.actor_label order by actor_label limit 1)
        from every where every.actor_label is not null
    )
    select actor_label from every where lower(actor_label) like :part
""")


# What people look for, by how its actions begin.
KINDS = {
    "invoices": (
        "invoice.",
        "adjustment.",
        "proposal.",
        "credit_note.",
        "reissue.",
        "refund.",
        "dispute.",
        "mail.",
    ),
    "organizations": (
        "organization.",
        "membership.",
        "note.",
        "budget.",
        "customer.",
        "portal.",
        "standing.",
        "standing_rules.",
        "mail_choice.",
    ),
    "services": ("service.", "usage."),
    "prices": ("price.",),
    "needs": ("need.",),
    "stripe": (
        "sync.",
        "foreign_line.",
        "event.",
        "events.",
        "bulk_action.",
        "job.",
        "schedule.",
        "closing_pause.",
        "closing_limit.",
        "close_rehearsal.",
        "invariant.",
        "gap.",
        "ledger.",
        "event_endpoint.",
    ),
    "people": ("person.", "invitation.", "token.", "factor.", "factors.", "recovery_code"),
    "sessions": ("session.", "sessions."),
    "downloads": ("audit.", "spend.", "history.", "past_due.", "balance."),
}


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to keep; `first` and `last` are UTC days, both included. None keeps everything.

    `kind` is one of `KINDS`.
    """

    slug: str | None = None
    action: str | None = None
    actor: str | None = None
    first: date | None = None
    last: date | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry and the organization it concerns, if any, with its currency."""

    entry: AuditEntry
    slug: str | None
    currency: str | None

    @property
    def id(self) -> int:
        """The entry's id: what older pages continue from."""
        return self.entry.id


def entries(wanted: AuditFilter, asked: Asked = NEWEST_FIRST) -> Stretch[AuditLine]:
    """Return some of the matching lines."""
    query = in_order(_matching(wanted), Key(AuditEntry.id), asked.turn).limit(SIZE + 1)
    return log_of([AuditLine(*row) for row in db.session.execute(query)], asked, size=SIZE)


def line_by_id(entry_id: int) -> AuditLine:
    """Return one entry's line; raise `NotFound`."""
    query = _matching(AuditFilter()).where(AuditEntry.id == entry_id)
    row = db.session.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"The audit trail has no entry {entry_id}.")
    return AuditLine(*row)


def every_entry(wanted: AuditFilter) -> Iterator[AuditLine]:
    """Return all matching lines, newest first, read in batches while they are asked for.

    A download goes on when the request's session is over, so they are read over sessions of their
    own. Between two batches it holds no connection: whoever reads slowly would keep it for hours.
    Entries are only ever added, with higher ids, so the batches fit together.
    """
    newest_first = _matching(wanted).order_by(AuditEntry.id.desc())
    return _read(db.engine, newest_first.limit(EXPORT_BATCH))


def _read(engine: Engine, query: Select[Any]) -> Iterator[AuditLine]:
    below: list[AuditLine] = []
    while True:
        some = query.where(AuditEntry.id < below[-1].id) if below else query
        with Session(engine) as session:
            below = [AuditLine(*row) for row in session.execute(some)]
        if not below:
            return
        yield from below


def _matching(wanted: AuditFilter) -> Select[Any]:
    query = select(AuditEntry, _organizations.c.slug, _organizations.c.currency).outerjoin(
        _organizations, _organizations.c.id == AuditEntry.organization_id
    )
    if wanted.slug:
        own = select(_owner.c.id).where(_owner.c.slug == wanted.slug).scalar_subquery()
        query = query.where(AuditEntry.organization_id == own)
    if wanted.action:
        query = query.where(AuditEntry.action.startswith(wanted.action, autoescape=True))
    if wanted.kind in KINDS:
        begins = [AuditEntry.action.startswith(one, autoescape=True) for one in KINDS[wanted.kind]]
        query = query.where(or_(*begins))
    if wanted.actor:
        query = query.where(AuditEntry.actor_label.in_(_actors(wanted.actor)))
    return within(query, AuditEntry.at, wanted.first, wanted.last)


def _actors(part: str) -> list[str]:
    """Return the names with `part` in them, whatever its case, that anybody acted under."""
    escaped = part.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return list(db.session.scalars(ACTORS, {"part": f"%{escaped}%"}))
