"""The page of an organization's e-mails: what was sent to whom, and who gets what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from dashboard.accounts.models import Membership
from dashboard.billing.models import Invoice
from dashboard.budgets.receivers import payers_of
from dashboard.extensions import db
from dashboard.keyset import read_log
from dashboard.mail.choices import wanted_by
from dashboard.mail.kinds import BILL_KINDS, BillKind
from dashboard.mail.models import Mail, RefusedAddress
from dashboard.mail.refused import refused_among
from dashboard.organizations.models import Organization
from dashboard.paging import NEWEST_FIRST, Asked, Stretch

MOST = 25


@dataclass(frozen=True, slots=True)
class Receiver:
    """An address and the kinds it gets; of a member with whose it is."""

    address: str
    wanted: Mapping[str, bool]
    member: Membership | None = None

    @property
    def kinds(self) -> Sequence[BillKind]:
        """What it gets, in the order of the list."""
        return [one for one in BILL_KINDS.values() if self.wanted.get(one.name, one.is_the_bill)]


@dataclass(frozen=True, slots=True)
class MailsPage:
    """What the page shows; `called` are the invoices' names, by id, and the rows are for staff."""

    receivers: Sequence[Receiver]
    refused: Sequence[RefusedAddress]
    mails: Stretch[Mail] | None
    called: Mapping[int, tuple[int, str]]

    def own(self, user_id: int) -> Receiver | None:
        """Return what the reader gets, if they decide on the money of the organization."""
        found = (one for one in self.receivers if one.member and one.member.user_id == user_id)
        return next(found, None)

    @property
    def billing(self) -> Receiver:
        """What the billing e-mail gets."""
        return self.receivers[0]


def mails_page(
    organization: Organization, asked: Asked = NEWEST_FIRST, *, for_staff: bool
) -> MailsPage:
    """Return who gets what; for staff also what was sent, and which addresses were refused."""
    receivers = receivers_of(organization)
    if not for_staff:
        return MailsPage(receivers, (), None, {})
    query = select(Mail).where(Mail.organization_id == organization.id)
    mails = read_log(query, Mail.id, asked, size=MOST)
    ids = {one.invoice_id for one in mails.rows if one.invoice_id is not None}
    called = select(Invoice.id, Invoice.sequence, Invoice.number).where(Invoice.id.in_(ids))
    return MailsPage(
        receivers,
        refused_among([one.address for one in receivers]),
        mails,
        {
            invoice_id: (sequence, str(number or sequence))
            for invoice_id, sequence, number in db.session.execute(called)
        },
    )


def receivers_of(organization: Organization) -> Sequence[Receiver]:
    """Return the billing e-mail and then the members who may get mails of bills."""
    of, billing = organization.id, organization.email.lower()
    members = [one for one in payers_of(of) if one.user.email != billing]
    return [
        Receiver(billing, wanted_by(of, billing, is_billing=True)),
        *(
            Receiver(one.user.email, wanted_by(of, one.user.email, is_billing=False), one)
            for one in members
        ),
    ]
