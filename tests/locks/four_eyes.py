"""Four eyes: what one person proposes, another approves."""

from __future__ import annotations

from datetime import timedelta

from dashboard.approvals.day import hold_day
from dashboard.approvals.decide import approve, basis_of, name_of
from dashboard.approvals.moot import end_moot
from dashboard.approvals.propose import Wanted, end_late, propose
from dashboard.audit.actor import Actor
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.models import Adjustment
from dashboard.billing.reverse import reverse_adjustment
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.transaction import checkpoint
from tests.factories import UserFactory
from tests.locks.stage import Stage

HOUR = timedelta(hours=1)


def _somebody(stage: Stage) -> Actor:
    email = f"person-{stage.number()}@example.com"
    return Actor("user", UserFactory(email=email, role="support").id, email)


def approved(stage: Stage, what: Wanted) -> None:
    """Have one person propose it, and another approve it."""
    organization, now = stage.organization(), stage.now()
    by, second = _somebody(stage), _somebody(stage)
    made = propose(organization, what, actor=by, now=now, ends_after=HOUR)
    checkpoint()
    seen = name_of(basis_of(made, organization))
    approve(made, organization, seen=seen, actor=second, now=now)


def approve_a_credit(stage: Stage) -> None:
    """Approve a credit."""
    terms = {"description": "Goodwill"}
    subject = f"form:{stage.number()}"
    approved(stage, Wanted("adjustment", subject, Money(-500, "usd"), terms, "Asked"))


def approve_a_reversal(stage: Stage) -> None:
    """Approve that a charge is taken back."""
    charge = _charge(stage)
    terms, subject = {"adjustment_id": charge}, f"adjustment:{charge}"
    approved(stage, Wanted("reversal", subject, Money(-500, "usd"), terms, "Asked"))


def reverse(stage: Stage) -> None:
    """Take a charge back by oneself."""
    made = add_adjustment(
        stage.draft(), Money(500, "usd"), reason="Asked", description="Work",
        actor=_somebody(stage), now=stage.now(), key=f"key-{stage.number()}",
    )  # fmt: skip
    checkpoint()
    reverse_adjustment(made, reason="Asked", actor=_somebody(stage), now=stage.now())


def credit_within_the_day(stage: Stage) -> None:
    """Credit as its form does: the day first, so that two acts do not both slip under the limit."""
    organization, by, now = stage.organization(), _somebody(stage), stage.now()
    amount = Money(-500, "usd")
    hold_day(
        organization, amount, wants_two=lambda _: False, is_done=lambda: False, actor=by, now=now
    )
    add_adjustment(
        stage.draft(), amount, reason="Asked", description="Work", actor=by, now=now,
        key=f"key-{stage.number()}",
    )  # fmt: skip


def end_what_is_late(stage: Stage) -> None:
    """End a proposal whose time is over."""
    terms, subject = {"description": "Goodwill"}, f"form:{stage.number()}"
    what = Wanted("adjustment", subject, Money(-500, "usd"), terms, "Asked")
    now = stage.now()
    propose(stage.organization(), what, actor=_somebody(stage), now=now, ends_after=HOUR)
    checkpoint()
    end_late(now=now + 2 * HOUR)


def end_what_is_moot(stage: Stage) -> None:
    """End a proposal to take a charge back that was taken back in another way."""
    charge = _charge(stage)
    terms, subject = {"adjustment_id": charge}, f"adjustment:{charge}"
    what = Wanted("reversal", subject, Money(-500, "usd"), terms, "Asked")
    now = stage.now()
    propose(stage.organization(), what, actor=_somebody(stage), now=now, ends_after=HOUR)
    checkpoint()
    made = db.session.get_one(Adjustment, charge)
    reverse_adjustment(made, reason="Asked", actor=_somebody(stage), now=now)
    checkpoint()
    end_moot(now=now)


def _charge(stage: Stage) -> int:
    made = add_adjustment(
        stage.draft(), Money(500, "usd"), reason="Asked", description="Work",
        actor=_somebody(stage), now=stage.now(), key=f"key-{stage.number()}",
    )  # fmt: skip
    checkpoint()
    return made.id
