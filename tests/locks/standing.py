"""Moving the service standing of organizations, by the clock and by hand."""

from __future__ import annotations

from datetime import timedelta

from dashboard.extensions import db
from dashboard.standing.change import end_override, fingerprint, set_apart
from dashboard.standing.look import look
from dashboard.standing.models import ServiceStanding
from dashboard.standing.rules import Override
from dashboard.transaction import checkpoint
from tests.factories import SUPPORT
from tests.locks.stage import Stage


def move_standing(stage: Stage) -> None:
    """Let a standing set by hand be over, and the clock look."""
    set_standing_apart(stage)
    checkpoint()
    look([stage.organization().id], now=stage.now() + timedelta(days=2))


def set_standing_apart(stage: Stage) -> None:
    """Set the standing by hand until tomorrow."""
    organization = stage.organization()
    until = stage.now() + timedelta(days=1, seconds=stage.number())
    set_apart(
        organization, Override("warned", until), reason="r", seen=_seen(organization.id),
        now=stage.now(), actor=SUPPORT,
    )  # fmt: skip


def let_the_rules_decide(stage: Stage) -> None:
    """Take off what was set by hand."""
    set_standing_apart(stage)
    checkpoint()
    organization = stage.organization()
    end_override(organization, seen=_seen(organization.id), now=stage.now(), actor=SUPPORT)


def _seen(organization_id: int) -> str:
    row = db.session.get(ServiceStanding, organization_id, populate_existing=True)
    return fingerprint(row.override, row.override_until) if row else "none"
