"""Who proposed something is mailed what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from dashboard.accounts.models import User
from dashboard.approvals.models import Proposal
from dashboard.extensions import db
from dashboard.mail.models import Mail

TOLD = ("approved", "refused", "expired")
# What ended longer ago is no news; a server that takes no mails is waited for as long.
NEWS = timedelta(days=1)


def mail_proposers(*, now: datetime) -> int:
    """Put a mail about each proposal that ended in the outbox, once; return how many.

    None about what its proposer withdrew, and none to who can no longer sign in.
    """
    is_told = select(Mail.id).where(Mail.proposal_id == Proposal.id).exists()
    ended = (
        select(Proposal.id, User.email)
        .join(User, User.id == Proposal.proposed_by_id)
        .where(
            Proposal.decided_at > now - NEWS,
            Proposal.state.in_(TOLD),
            User.is_active,
            ~is_told,
        )
    )
    mails = [
        {
            "kind": "proposal", "address": email, "proposal_id": proposal_id, "attempts": 0,
            "created_at": now, "next_attempt_at": now, "ends_at": now + NEWS,
        }
        for proposal_id, email in db.session.execute(ended)
    ]  # fmt: skip
    if mails:
        # Another look may have found the same.
        db.session.execute(insert(Mail).on_conflict_do_nothing(), mails)
    return len(mails)
