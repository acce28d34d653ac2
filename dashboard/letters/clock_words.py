"""What the clock tells of, in words: a bill that is past due, and a card that expires."""

from __future__ import annotations

from datetime import timedelta

from dashboard.billing.payment_facts import payment_of
from dashboard.billing.reminding import card_name, expires_at
from dashboard.letters.bill_words import begin, still_to_pay, what_is_due
from dashboard.letters.facts import Bill
from dashboard.letters.refusals import NotNeeded
from dashboard.letters.told import Told, card_words, day, short
from dashboard.links import address
from dashboard.mail.models import Mail
from dashboard.organizations.lookup import organizations_by_id


def reminder(bill: Bill) -> Told:
    """Say that an invoice is past due; not of what is settled or disputed by now."""
    still_to_pay(bill)
    invoice = bill.invoice
    if bill.number_of_subject not in bill.organization.reminder_days:
        raise NotNeeded("Reminders on this day were turned off before it was sent.")
    state = payment_of(invoice, bill.now)
    if state.late_since is None or invoice.disputed_cents:
        raise NotNeeded("The invoice was no longer past due before it was sent.")
    days = state.days_late(bill.now)
    late = f"{days} day{'s' if days != 1 else ''}"
    amount = bill.text(bill.remaining_cents)
    return Told(
        subject=f"Past due: {bill.called}, {amount}",
        heading=f"{begin(invoice.called)} is past due",
        sentences=[
            f"{amount} has been due since {day(state.late_since)}, {late} ago.",
            "If you have paid in the last days, ignore this e-mail.",
        ],
        rows=what_is_due(bill),
        link=bill.link(),
        at_stripe=bill.at_stripe(),
    )


def card_expiring(mail: Mail) -> Told:
    """Say that the card that is charged expires; not of one that was replaced by now."""
    of = int(mail.organization_id or 0)
    organization = organizations_by_id([of])[of]
    card, named = organization.payment_method, str(mail.occasion).partition("~")[0]
    ends_at = expires_at(card)
    if card is None or ends_at is None or not named.endswith(f":{card_name(card)}"):
        raise NotNeeded("The card was replaced before it was sent.")
    words = card_words(card) or "The card"
    month = f"{ends_at - timedelta(days=1):%B %Y}"
    return Told(
        subject=f"{words} for {short(organization.name)} expires in {month}",
        heading="Your card expires soon",
        sentences=[
            f"{words} is charged for your invoices and expires at the end of {month}.",
            "Add another card before then, so that no payment fails.",
        ],
        rows=[("Organization", organization.name), ("Card", words), ("Expires", month)],
        link=(address("organizations.details", slug=organization.slug), "See how you pay"),
    )
