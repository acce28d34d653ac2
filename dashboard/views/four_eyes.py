"""Above a limit, a move of money is proposed, and a second person approves it.

The limit is of one act, and of all that a person moves for one organization in a day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from dashboard.approvals.day import hold_day, moved_alone, together
from dashboard.approvals.propose import Wanted, propose
from dashboard.clock import utc_now
from dashboard.currencies import minor_digits
from dashboard.extensions import current_config
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.views.access import current_actor
from dashboard.views.formatting import money
from jobs.watch import look_soon


def wants_second(organization: Organization, amount: Money) -> bool:
    """Whether a second person must approve `amount`, added to what the reader moved in a day."""
    return why_two(organization, amount) is not None


def why_two(organization: Organization, amount: Money, *, alone: bool = False) -> str | None:
    """Return why a second person must approve `amount`; None where the reader decides alone.

    With `alone`, what else the reader moved in a day is left out.
    """
    limits, above = current_config().approval_limits, limit_words(amount.currency)
    if not amount or above is None:
        return None
    if limits.wants_two(amount):
        return f"Above {above}, a second person approves."
    if alone:
        return None
    moved = moved_alone(organization, current_actor(), now=utc_now())
    if not limits.wants_two(together(amount, moved)):
        return None
    return (
        f"You moved {money(moved.cents, moved.currency)} here in the last 24 hours. Together that "
        f"is above {above}, so a second person approves."
    )


def stay_within(organization: Organization, amount: Money, is_done: Callable[[], bool]) -> None:
    """Let nobody move the reader's limit twice at the same time; to be called before the act.

    Raises `AboveTogether` where another act came first. `is_done`: it is only sent once more.
    """
    limits = current_config().approval_limits
    if limits.of(amount.currency) is not None:
        hold_day(
            organization, amount, wants_two=limits.wants_two, is_done=is_done,
            actor=current_actor(), now=utc_now(),
        )  # fmt: skip


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
