"""What a change of services does to the open invoices, in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select

from dashboard.billing.cause import Cause
from dashboard.billing.models import BillingCycle, Invoice
from dashboard.billing.recurring import rerate_services
from dashboard.billing.revision import touch_all
from dashboard.billing.targets import Targets
from dashboard.extensions import db
from dashboard.services.models import Service


def rate_effects(
    services: Sequence[Service], locked: Collection[Invoice], cause: Cause, *, since: datetime
) -> None:
    """Rate the fees of one organization's `services` anew for every cycle that ends after `since`.

    `locked` are its open invoices (`lock_open`). A cycle whose invoices are all frozen is
    corrected on the current draft.
    """
    recurring = [service for service in services if service.price.kind == "recurring"]
    if not recurring:
        return
    query = select(BillingCycle).where(
        BillingCycle.organization_id == recurring[0].organization_id, BillingCycle.ends_at > since
    )
    cycles = db.session.scalars(query.order_by(BillingCycle.starts_at)).all()
    changed = rerate_services(recurring, cycles, Targets.load(locked, cycles), cause)
    touch_all(changed, now=cause.at)
