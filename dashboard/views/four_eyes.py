"""Above a limit, a move of money is proposed, and a second person approves it."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from dashboard.approvals.propose import Wanted, propose
from dashboard.clock import utc_now
from dashboard.currencies import minor_digits
from dashboard.extensions import current_config
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.views.access import current_actor
from dashboard.views.formatting import money
from jobs.watch import look_soon


def wants_second(amount: Money) -> bool:
    """Whether so much is moved only when a second person approves it."""
    return current_config().approval_limits.wants_two(amount)


def limit_words(currency: str) -> str | None:
    """Return the amount above which a second person approves, None where none does."""
    limit = current_config().approval_limits.of(currency)
    if limit is None:
        return None
    return money(int(limit.scaleb(minor_digits(currency))), currency)


def propose_instead(organization: Organization, wanted: Wanted) -> ResponseReturnValue:
    """Propose it, and lead to the page on which it waits."""
    ends_after: timedelta = current_config().approval_ends_after
    made = propose(
        organization, wanted, actor=current_actor(), now=utc_now(), ends_after=ends_after
    )
    look_soon()
    flash("Proposed. Nothing changes until a second person approves it.")
    page = url_for("proposals.show", slug=organization.slug, proposal_id=made.id)
    return redirect(page, code=303)
