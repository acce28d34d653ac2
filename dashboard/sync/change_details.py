"""Change an organization's details, and try again what is held for want of its address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.billing.locks import lock_invoices, lock_row
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.change import change_organization, take_theirs
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
    with _tried_again(organization, now=now, actor=actor) as runs:
        change_organization(organization, wanted, now=now, actor=actor, seen=seen)
    return runs


def keep_theirs_instead(
    organization: Organization, *, now: datetime, actor: Actor
) -> Sequence[SyncRun]:
    """Make Stripe's details the organization's, as `take_theirs`; return what is tried again."""
    with _tried_again(organization, now=now, actor=actor) as runs:
        take_theirs(organization, now=now, actor=actor)
    return runs


@contextmanager
def _tried_again(
    organization: Organization, *, now: datetime, actor: Actor
) -> Iterator[list[SyncRun]]:
    """Lend a list that has the syncs of held bills in the end, if it is another address then."""
    runs: list[SyncRun] = []
    lock_row(organization)
    before, held = _where(organization), _waiting(organization.id)
    # Invoices in their order: the current one is the last.
    lock_invoices(held)
    yield runs
    if _where(organization) != before:
        runs += request_syncs(held, Request("final", actor, verify=True), now=now)


def _where(organization: Organization) -> list[Any]:
    return [getattr(organization, name) for name in KEPT_HERE]


def _waiting(organization_id: int) -> Sequence[int]:
    query = select(Invoice.id).where(
        Invoice.organization_id == organization_id,
        Invoice.parked_code == NO_TAX_LOCATION,
        Invoice.status == "sealed",
    )
    return db.session.scalars(query.order_by(Invoice.id)).all()
