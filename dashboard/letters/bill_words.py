"""What each kind of mail about a bill says, and when it is not said any more."""

from __future__ import annotations

from dashboard.billing.declines import decline_words
from dashboard.billing.payment_facts import payment_of
from dashboard.billing.payment_state import decline_code_of
from dashboard.billing.tax_words import untaxed_because
from dashboard.letters.facts import Bill, note_of
from dashboard.letters.refusals import NotNeeded
from dashboard.letters.told import Told, card_words, day, days

Rows = list[tuple[str, str]]
PAID = "The invoice was paid before it was sent."
VOID = "The invoice was voided before it was sent."
NOTHING_DUE = "Nothing was left to pay before it was sent."


def invoice_ready(bill: Bill) -> Told:
    """Say that an invoice was issued, for how much, and what is to be done."""
    invoice = bill.invoice
    if invoice.status == "void":
        raise NotNeeded(VOID)
    due = invoice.amount_due_cents
    rows: Rows = [
        ("Organization", bill.organization.name),
        ("Period", days(invoice.period_start, invoice.period_end)),
    ]
    reasons = untaxed_because(invoice)
    if invoice.tax_cents or invoice.automatic_tax:
        rows += [
            ("Before tax", bill.text(invoice.stripe_total_cents)),
            ("Tax", bill.text(invoice.tax_cents)),
            *(("Reason", words) for words in reasons),
        ]
    elif reasons:
        rows += [("Tax", "; ".join(reasons))]
    if invoice.theirs_cents:
        rows += [("Of it, your subscription", bill.text(invoice.theirs_cents))]
    rows += [("Total", bill.text(bill.total_cents))]
    from_balance = bill.total_cents - (due or 0)
    if from_balance > 0:
        rows += [("From your balance", bill.text(-from_balance))]
    elif from_balance < 0 and bill.total_cents < 0:
        rows += [("Credited to your balance", bill.text(-from_balance))]
    elif from_balance < 0:
        rows += [("Owed from before", bill.text(-from_balance))]
    rows += [("To pay", bill.text(due))]
    by = f" due {day(invoice.due_at)}" if invoice.due_at and due else ""
    return Told(
        subject=f"{begin(bill.called)}: {bill.text(due)}{by}",
        heading=f"{begin(invoice.called)} is ready",
        sentences=[_what_to_do(bill, due or 0)],
        rows=rows,
        link=bill.link(),
        at_stripe=bill.at_stripe(),
    )


def _what_to_do(bill: Bill, due_cents: int) -> str:
    invoice, card = bill.invoice, card_words(bill.organization.payment_method)
    if invoice.status == "paid":
        return "It is paid." if due_cents else "There is nothing to pay."
    if invoice.due_at is not None:
        return f"Pay {bill.text(due_cents)} by {day(invoice.due_at)}."
    if card is None:
        return (
            f"{bill.text(due_cents)} is to be paid, and we know of no card to charge. Pay it on "
            "the invoice's page, or add a payment method."
        )
    return f"{bill.text(due_cents)} will be charged automatically to {card}."


def receipt(bill: Bill) -> Told:
    """Say how much was paid, when and how."""
    invoice = bill.invoice
    paid, outside = invoice.amount_paid_cents or 0, bill.paid_outside_cents()
    if paid <= 0:
        raise NotNeeded("No money was paid: credit or a credit note covered it.")
    rows: Rows = [
        ("Organization", bill.organization.name),
        ("Invoice total", bill.text(bill.total_cents)),
    ]
    if invoice.pre_payment_credit_notes_cents:
        rows += [("Credited", bill.text(-invoice.pre_payment_credit_notes_cents))]
    if invoice.paid_at is not None:
        rows += [("Paid on", day(invoice.paid_at))]
    if paid - outside > 0:
        rows += [("Paid through Stripe", bill.text(paid - outside))]
    if outside:
        rows += [("Paid by other means", bill.text(outside))]
    if invoice.overpaid_cents:
        rows += [("Credited to your balance", bill.text(invoice.overpaid_cents))]
    return Told(
        subject=f"Receipt for {bill.called}: {bill.text(paid)}",
        heading=f"{bill.text(paid)} paid",
        sentences=[f"Thank you. {begin(invoice.called)} is paid."],
        rows=rows,
        link=bill.link(),
        at_stripe=bill.at_stripe(),
    )


def payment_failed(bill: Bill) -> Told:
    """Say that a charge failed, why, and what happens next."""
    still_to_pay(bill)
    invoice = bill.invoice
    if payment_of(invoice, bill.now).kind == "confirm" and bill.is_told_of("action_required"):
        raise NotNeeded("The bank wants the payment confirmed, which is mailed instead.")
    if invoice.failed_attempts > bill.number_of_subject:
        raise NotNeeded("A later attempt failed too, which is mailed instead.")
    again_at = invoice.next_payment_attempt_at
    if again_at is not None and again_at > bill.now:
        following = f"We try again on {day(again_at)}. You can pay before then."
    else:
        following = "No further attempt is planned. Pay it on the invoice's page."
    failed = f"We could not charge {bill.text(bill.remaining_cents)} for {invoice.called}."
    return Told(
        subject=f"Payment failed: {bill.called}, {bill.text(bill.remaining_cents)}",
        heading="Your payment failed",
        sentences=[f"{failed} {why_declined(bill)}", following],
        rows=what_is_due(bill),
        link=bill.link(),
        at_stripe=bill.at_stripe(),
    )


def why_declined(bill: Bill) -> str:
    """Return in a sentence what is known of the last attempt that failed."""
    invoice = bill.invoice
    code = decline_code_of(invoice.decline, invoice.payment_failed_at)
    return decline_words(code, invoice.payment_failure)


def credit_note(bill: Bill) -> Told:
    """Say how much was credited, and where it goes."""
    told, planned = note_of(bill.mail)
    if told.status != "issued":
        raise NotNeeded("The credit note was voided before it was sent.")
    called = f"Credit note {told.number}" if told.number else "Credit note"
    rows: Rows = [("Organization", bill.organization.name)]
    if planned is not None and planned.memo:
        rows += [("For", planned.memo)]
    rows += [("Credited", bill.text(told.amount_cents))]
    if told.pre_payment_cents:
        rows += [("Off what was to pay", bill.text(told.pre_payment_cents))]
    if planned is None and told.post_payment_cents:
        rows += [("Given back", bill.text(told.post_payment_cents))]
    elif planned is not None:
        shares = (
            ("Refunded to what paid it", planned.refund_cents),
            ("Credited to your balance", planned.balance_cents),
            ("Paid back by other means", planned.outside_cents),
        )
        rows += [(label, bill.text(cents)) for label, cents in shares if cents]
    return Told(
        subject=f"{called} for {bill.called}: {bill.text(told.amount_cents)}",
        heading=f"{bill.text(told.amount_cents)} credited",
        sentences=[f"We credited {bill.text(told.amount_cents)} of {bill.invoice.called}."],
        rows=rows,
        link=bill.link(),
        at_stripe=bill.at_stripe(),
    )


def action_required(bill: Bill) -> Told:
    """Say that the bank waits for the customer to confirm the payment."""
    still_to_pay(bill)
    if payment_of(bill.invoice, bill.now).kind != "confirm":
        raise NotNeeded("The bank no longer waited for it before it was sent.")
    amount = bill.text(bill.remaining_cents)
    return Told(
        subject=f"Confirm the payment: {bill.called}, {amount}",
        heading="Your bank wants you to confirm a payment",
        sentences=[
            f"{amount} for {bill.invoice.called} is not paid until you confirm it with your bank.",
            "Stripe's page of the invoice leads to your bank.",
        ],
        rows=what_is_due(bill),
        link=bill.link(),
        at_stripe=bill.at_stripe(),
    )


def still_to_pay(bill: Bill) -> None:
    """Raise `NotNeeded` where nothing is to be paid any more."""
    if bill.invoice.status == "void":
        raise NotNeeded(VOID)
    if bill.invoice.status == "paid":
        raise NotNeeded(PAID)
    if bill.invoice.status != "open" or bill.remaining_cents <= 0:
        raise NotNeeded(NOTHING_DUE)


def what_is_due(bill: Bill) -> Rows:
    """Return whose it is, for when, until when it is to be paid, and how much."""
    invoice = bill.invoice
    rows: Rows = [
        ("Organization", bill.organization.name),
        ("Period", days(invoice.period_start, invoice.period_end)),
    ]
    if invoice.due_at is not None:
        rows += [("Due", day(invoice.due_at))]
    return [*rows, ("To pay", bill.text(bill.remaining_cents))]


def begin(text: str) -> str:
    """Return a text as a sentence begins."""
    return text[:1].upper() + text[1:]
