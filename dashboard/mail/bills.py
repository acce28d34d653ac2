"""Mails about bills are put in the outbox in the transaction of what they tell, each once.

One statement finds who gets it and writes a mail for each of them. Whatever tells the same again,
an event that is doubled or late or a second worker, finds the occasion taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from dashboard.extensions import db
from dashboard.mail.kinds import BILL_KINDS
from dashboard.rehearsal import rehearses

# What happened longer ago is no news, and a server that takes no mails is waited for as long.
NEWS = timedelta(days=3)
HEARD_LATE = "It happened more than three days before it was heard of, so no one was mailed."
BILLING, MEMBER = "billing", "member"

# Whoever gets mails of some organizations, each address once; who is both is the billing e-mail.
RECEIVERS = """
    select receivers.organization_id, receivers.address, bool_or(receivers.is_billing) as is_billing
    from (
        select id as organization_id, lower(email) as address, true as is_billing
        from organizations where id = any(cast(:organizations as bigint[])) and mails_bills
        union all
        select organizations.id, users.email, false
        from organizations
        join memberships on memberships.organization_id = organizations.id
        join users on users.id = memberships.user_id
        where organizations.id = any(cast(:organizations as bigint[])) and mails_bills
          and memberships.role in ('owner', 'billing') and users.is_active
    ) as receivers
    group by receivers.organization_id, receivers.address
"""
PUT = text(f"""
    insert into mails (kind, address, occasion, organization_id, invoice_id, correction_id,
                       created_at, next_attempt_at, ends_at, attempts, given_up_at, problem)
    select :kind, receiver.address, :occasion, receiver.organization_id, :invoice_id,
           :correction_id, :now, :due_at, :ends_at, 0, :given_up_at, :problem
    from ({RECEIVERS}) as receiver
    left join mail_choices as chosen
        on chosen.organization_id = receiver.organization_id
        and chosen.address = receiver.address and chosen.kind = :kind
    where (receiver.is_billing and :is_the_bill)
       or coalesce(chosen.is_wanted, receiver.is_billing or :for_members)
    order by receiver.address
    on conflict (occasion, address) where occasion is not null do nothing
""")  # noqa: S608  its parts are the constants above


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a mail is about: its `subject` is the same whoever tells of it, and `at` when it was."""

    kind: str
    subject: str
    organization_id: int
    at: datetime
    invoice_id: int | None = None
    correction_id: int | None = None

    @property
    def name(self) -> str:
        """By what it is known: each is mailed once to an address."""
        return f"{self.kind}:{self.subject}"


def put_in_outbox(occasion: Occasion, *, now: datetime) -> None:
    """Put a mail in the outbox for each who gets it, once; a rehearsal mails nobody.

    What is no news any more is noted with that reason, and not sent.
    """
    if rehearses():
        return
    kind = BILL_KINDS[occasion.kind]
    is_late = now - occasion.at > NEWS
    asked = {
        "kind": kind.name,
        "occasion": occasion.name,
        "organizations": [occasion.organization_id],
        "invoice_id": occasion.invoice_id,
        "correction_id": occasion.correction_id,
        "is_the_bill": kind.is_the_bill,
        "for_members": kind.for_members,
        "now": now,
        "due_at": now + kind.wait,
        "ends_at": now + NEWS,
        "given_up_at": now if is_late else None,
        "problem": HEARD_LATE if is_late else None,
    }
    # What else was changed is written once, when all of it is known.
    with db.session.no_autoflush:
        db.session.execute(PUT, asked)


def is_receiver(organization_id: int, address: str, kind: str) -> bool:
    """Whether an address still gets mails of this kind about the organization."""
    asked = {
        "organizations": [organization_id],
        "address": address,
        "kind": kind,
        "is_the_bill": BILL_KINDS[kind].is_the_bill,
        "for_members": BILL_KINDS[kind].for_members,
    }
    return bool(db.session.scalar(_IS_RECEIVER, asked))


_IS_RECEIVER = text(f"""
    select exists (
        select from ({RECEIVERS}) as receiver
        left join mail_choices as chosen
            on chosen.organization_id = receiver.organization_id
            and chosen.address = receiver.address and chosen.kind = :kind
        where receiver.address = :address and ((receiver.is_billing and :is_the_bill)
           or coalesce(chosen.is_wanted, receiver.is_billing or :for_members)))
""")  # noqa: S608  its parts are the constants above


def is_billing_address(organization_id: int, address: str) -> bool:
    """Whether an address is the organization's billing e-mail."""
    query = text("select lower(email) = :address from organizations where id = :id")
    return bool(db.session.scalar(query, {"id": organization_id, "address": address}))
