"""Change an organization's details, and try again what is held for want of its address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.billing.locks import lock_invoices, lock_row
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.change import change_organization
from dashboard.organizations.models import KEPT_HERE, Organization
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, request_syncs
from dashboard.sync.taxed import NO_TAX_LOCATION


def change_details(
    organization: Organization,
    wanted: Mapping[str, Any],
    *,
    now: datetime,
    actor: Actor,
    seen: str | None = None,
) -> Sequence[SyncRun]:
    """Change what `wanted` names, as `change_organization` does, which says what is refused.

    Return the syncs that try held bills again with another address or exemption, for the caller to
    hand on after the commit. Each tells Stripe first.
    """
    lock_row(organization)
    before = _where(organization)
    held = _waiting(organization.id) if set(KEPT_HERE) & set(wanted) else []
    # Invoices in their order: the current one is the last.
    lock_invoices(held)
    change_organization(organization, wanted, now=now, actor=actor, seen=seen)
    if _where(organization) == before:
        return []
    return request_syncs(held, Request("final", actor, verify=True), now=now)


def _where(organization: Organization) -> list[Any]:
    return [getattr(organization, name) for name in KEPT_HERE]


def _waiting(organization_id: int) -> Sequence[int]:
    query = select(Invoice.id).where(
        Invoice.organization_id == organization_id,
        Invoice.parked_code == NO_TAX_LOCATION,
        Invoice.status == "sealed",
    )
    return db.session.scalars(query.order_by(Invoice.id)).all()
