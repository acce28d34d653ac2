"""What Stripe and the ledger do not both know: closed from here, as far as that is possible."""

from __future__ import annotations

from dashboard.extensions import db
from dashboard.gaps.models import StripeGap
from dashboard.gaps.repair import repair
from dashboard.transaction import checkpoint
from tests.locks.stage import Stage


def make_a_lost_customer_again(stage: Stage) -> None:
    """Let a sync make a customer again whom somebody deleted at Stripe."""
    organization = stage.organization()
    gone = f"cus_gone{stage.number()}"
    organization.stripe_customer_id = gone
    gap = StripeGap(
        kind="lost_customer", stripe_id=gone, organization_id=organization.id, told="Gone",
        first_seen_at=stage.now(), last_seen_at=stage.now(), confirmed_at=stage.now(),
    )  # fmt: skip
    db.session.add(gap)
    checkpoint()
    repair(gap.id, gateway=stage.gateway, now=stage.now(), checkpoint=checkpoint)
