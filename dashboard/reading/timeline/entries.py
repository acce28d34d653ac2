"""Acts on record, from the audit trail, with the invoice or service that each is about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select

from dashboard.accounts.models import Membership, User
from dashboard.audit.models import AuditEntry
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.reading.timeline.acts import act_of, actions_of
from dashboard.reading.timeline.happening import Entry, Happening
from dashboard.reading.timeline.moves import CAUSES, moves_of
from dashboard.reading.timeline.wanted import KINDS, Window
from dashboard.services.models import Service

SOURCE = "entries"
# What has no acts on record, or is told better elsewhere, is left out.
OF = frozenset(KINDS) - {"events", "notes", "alerts"}


def read_entries(window: Window) -> list[Happening]:
    """Return the newest acts of a window, those on services with what they did to the bill."""
    entries = [Entry(*row) for row in db.session.execute(_query(window))]
    instants = {entry.at for entry in entries if entry.action in CAUSES}
    moved = moves_of(window.wanted.organization_id, instants)
    entries = [entry._replace(moved_cents=moved.get(_cause_of(entry))) for entry in entries]
    return [
        Happening(entry.at, window.rank, entry.id, SOURCE, act_of(entry.action).kind, entry)
        for entry in entries
    ]


def _cause_of(entry: Entry) -> tuple[datetime, str, int | None]:
    return entry.at, CAUSES.get(entry.action, ""), entry.subject_id


def _query(window: Window) -> Select[Any]:
    chosen = _chosen(window)
    found = AuditEntry.__table__.alias("found")
    # Nothing is looked up of an act on something else.
    invoice_id = case((found.c.subject_type == "invoices", found.c.subject_id))
    service_id = case((found.c.subject_type == "services", found.c.subject_id))
    currency = (
        select(Organization.currency)
        .where(Organization.id == window.wanted.organization_id)
        .scalar_subquery()
    )
    member = (
        select(User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(
            found.c.actor_kind == "user",
            User.id == found.c.actor_id,
            Membership.organization_id == found.c.organization_id,
        )
        .scalar_subquery()
    )
    return (
        select(
            found.c.id,
            found.c.at,
            found.c.action,
            found.c.actor_kind,
            found.c.actor_label,
            found.c.reason,
            found.c.facts,
            func.coalesce(Invoice.currency, currency),
            found.c.subject_id,
            Invoice.sequence,
            Invoice.number,
            Service.label,
            Price.name,
            member,
        )
        .select_from(chosen)
        .join(found, found.c.id == chosen.c.id)
        .outerjoin(Invoice, Invoice.id == invoice_id)
        .outerjoin(Service, Service.id == service_id)
        .outerjoin(Price, Price.id == Service.price_id)
        .order_by(found.c.at.desc(), found.c.id.desc())
    )


def _chosen(window: Window) -> Any:
    """Return which they are, read from an index alone that holds the action beside the instant."""
    wanted = window.wanted
    actions, are_left_out = actions_of(wanted.kind, for_staff=wanted.for_staff)
    is_wanted = AuditEntry.action.not_in if are_left_out else AuditEntry.action.in_
    return (
        select(AuditEntry.id)
        .where(
            AuditEntry.organization_id == wanted.organization_id,
            is_wanted(sorted(actions)),
            *window.holds(AuditEntry.at, AuditEntry.id),
        )
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(window.size)
        .subquery("chosen")
    )
