"""What does not add up, and what only one of Stripe and the ledger knows, as needs of a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, cast, func, null

from dashboard.gaps.models import StripeGap
from dashboard.invariants.models import InvariantFinding
from dashboard.needs.found import MOST, Rows, shown
from dashboard.outgoing.models import EventEndpoint
from dashboard.restores.models import Restore


def sums(_now: datetime) -> Rows:
    """Return of whom the money does not add up, confirmed by a second look."""
    facts = func.jsonb_build_object(
        "invariant", InvariantFinding.invariant,
        "places", InvariantFinding.places,
        "example", InvariantFinding.examples[0]["text"].astext,
    )  # fmt: skip
    return (
        shown(
            cast(InvariantFinding.id, String),
            InvariantFinding.first_seen_at,
            facts,
            InvariantFinding.organization_id,
            null(),
            null(),
        )
        .where(InvariantFinding.cleared_at.is_(None), InvariantFinding.confirmed_at.is_not(None))
        .order_by(InvariantFinding.id)
        .limit(MOST)
    )


def gaps(_now: datetime) -> Rows:
    """Return what only one of Stripe and the ledger knows, confirmed by a second look."""
    return (
        shown(
            cast(StripeGap.id, String),
            StripeGap.first_seen_at,
            func.jsonb_build_object("told", StripeGap.told),
            StripeGap.organization_id,
            null(),
            null(),
        )
        .where(StripeGap.gone_at.is_(None), StripeGap.confirmed_at.is_not(None))
        .order_by(StripeGap.id)
        .limit(MOST)
    )


def restored(_now: datetime) -> Rows:
    """Return the restore that is not released: everything that is sent waits for it."""
    return shown(
        cast(Restore.id, String),
        Restore.noticed_at,
        func.jsonb_build_object("told", Restore.told),
        null(),
        null(),
        null(),
    ).where(Restore.released_at.is_(None))


def endpoints_off(_now: datetime) -> Rows:
    """Return the endpoints of outgoing events that were switched off."""
    return (
        shown(
            cast(EventEndpoint.id, String),
            EventEndpoint.changed_at,
            func.jsonb_build_object("label", EventEndpoint.label, "why", EventEndpoint.why_off),
            null(),
            null(),
            null(),
        )
        .where(EventEndpoint.state == "off")
        .order_by(EventEndpoint.id)
        .limit(MOST)
    )
