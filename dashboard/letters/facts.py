"""What a mail about a bill is made of: the rows it is about, read when it is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from dashboard.billing.correction_models import Correction, InvoicePayment
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.letters.told import amount, short
from dashboard.links import address, link, signing_keys
from dashboard.mail.models import Mail
from dashboard.mail.pay_link import pay_token
from dashboard.organizations.models import Organization


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice as its mails tell it."""

    invoice: Invoice
    mail: Mail
    now: datetime

    @property
    def organization(self) -> Organization:
        """Whose it is."""
        return self.invoice.organization

    @property
    def called(self) -> str:
        """The invoice's name, with whose it is: invoice F-0007 for Acme."""
        return f"{self.invoice.called} for {short(self.organization.name)}"

    def text(self, cents: int | None) -> str:
        """Return an amount in the invoice's currency."""
        return amount(cents, self.invoice.currency)

    @property
    def total_cents(self) -> int:
        """What it bills, with tax, and with a subscription's lines where they are on it too."""
        invoice = self.invoice
        ours = invoice.stripe_total_cents or 0
        return ours + invoice.theirs_cents + (invoice.tax_cents or 0)

    @property
    def remaining_cents(self) -> int:
        """What is still to be paid."""
        told = self.invoice.amount_remaining_cents
        return self.invoice.total_cents if told is None else told

    @property
    def number_of_subject(self) -> int:
        """What of the invoice the mail is about: the last number of its occasion."""
        return int(str(self.mail.occasion).split("~")[0].rpartition(":")[2])

    def link(self) -> tuple[str, str]:
        """Return the invoice's page here."""
        page = address("invoices.show", slug=self.organization.slug, sequence=self.invoice.sequence)
        return page, "See the invoice"

    def at_stripe(self) -> tuple[str, str] | None:
        """Return the invoice's page at Stripe, where it is paid."""
        page = self.invoice.hosted_invoice_url
        if page is None or not page.startswith(("https://", "http://")):
            return None
        if self.invoice.status == "open" and self.remaining_cents > 0:
            # Of ours, as Stripe's own ends: a mail is read, and sent again, weeks later.
            ours = link("pay_links.show", pay_token(self.invoice.id, signing_keys()))
            return ours, "Pay it at Stripe"
        return page, "See it at Stripe"

    def is_told_of(self, kind: str) -> bool:
        """Whether whom the mail is for is mailed that of the same invoice, too."""
        query = select(Mail.id).where(
            Mail.invoice_id == self.invoice.id,
            Mail.kind == kind,
            Mail.address == self.mail.address,
        )
        return db.session.scalar(select(query.exists())) or False

    def paid_outside_cents(self) -> int:
        """Return how much of what was paid did not go through Stripe."""
        if self.invoice.paid_off_stripe_cents is not None:
            return self.invoice.paid_off_stripe_cents
        query = select(InvoicePayment.amount_paid_cents).where(
            InvoicePayment.invoice_id == self.invoice.id,
            InvoicePayment.is_paid,
            InvoicePayment.off_stripe,
        )
        return sum(db.session.scalars(query))


def bill_of(mail: Mail, now: datetime) -> Bill:
    """Return the bill a mail is about, as it is now."""
    return Bill(db.session.get_one(Invoice, mail.invoice_id), mail, now)


def note_of(mail: Mail) -> tuple[Correction, CreditNote | None]:
    """Return the credit note a mail is about, with what was planned where it was made here."""
    told = db.session.get_one(Correction, mail.correction_id)
    query = select(CreditNote).where(CreditNote.stripe_id == told.stripe_id)
    return told, db.session.scalar(query)
