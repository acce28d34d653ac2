"""The subscription on whose invoices an organization is billed, as the API speaks of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from dashboard.api.schemas.cycles import CyclePreviewOut
from dashboard.api.schemas.types import Instant, Printable, Reason, Sent, Told
from dashboard.organizations.link import LinkPreview
from dashboard.organizations.models import Organization
from dashboard.organizations.subscription import kept_of

SubscriptionId = Annotated[str, StringConstraints(pattern=r"^sub_[A-Za-z0-9_]{1,60}$")]


class SubscriptionQuery(Sent):
    """Which subscription at Stripe."""

    subscription: SubscriptionId


class SubscriptionIn(SubscriptionQuery):
    """A subscription to link; `seen` is what the preview answered, if it is to be as it was."""

    reason: Reason
    seen: Annotated[str, StringConstraints(max_length=64), Printable] | None = None


class SubscriptionEndIn(Sent):
    """Why it is unlinked."""

    reason: Reason


class SubscriptionOut(Told):
    """What an organization is billed with; all null where that is nothing.

    `status` is Stripe's, as of `read_at`; `paused_how` how the collection of its invoices is
    paused. `trouble` says why the cycle does not follow it.
    """

    subscription: str | None
    status: str | None = None
    paused_how: str | None = None
    period_end: Instant | None = None
    ends_at: Instant | None = None
    read_at: Instant | None = None
    trouble: str | None = None

    @classmethod
    def of(cls, organization: Organization) -> SubscriptionOut:
        """Read what an organization keeps."""
        kept = kept_of(organization)
        if kept is None:
            return cls(subscription=None)
        return cls(
            subscription=kept.id,
            status=kept.status,
            paused_how=kept.paused_how,
            period_end=kept.period_end,
            ends_at=kept.ends_at,
            read_at=kept.read_at,
            trouble=kept.trouble,
        )


class LinkPreviewOut(Told):
    """What linking would do to the cycles; `seen` names what was looked at."""

    seen: str
    cycle: CyclePreviewOut

    @classmethod
    def told(cls, preview: LinkPreview) -> LinkPreviewOut:
        """Read a preview."""
        return cls(seen=preview.plan.seen, cycle=CyclePreviewOut.told(preview.cycle))
