"""The kinds of mails about bills: what they are called, and who gets them unless told otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class BillKind:
    """A kind of mail about a bill.

    The billing e-mail of the organization gets every kind, and its owners and billing members those
    that are `for_members`, until they choose. One that `is_the_bill` cannot be turned off for the
    billing e-mail. It waits for `wait`: what it is about is told by several events.
    """

    name: str
    label: str
    is_about: str
    for_members: bool = False
    is_the_bill: bool = False
    wait: timedelta = timedelta()


# The bank's reason, what paid it and what became of the money follow within seconds.
_FOLLOWS = timedelta(minutes=1)
_KINDS = (
    BillKind("invoice_ready", "Invoice ready", "Invoices as they are issued", is_the_bill=True),
    BillKind("receipt", "Receipt", "Receipts of payments", wait=_FOLLOWS),
    BillKind("payment_failed", "Payment failed", "Payments that failed", True, wait=_FOLLOWS),
    BillKind(
        "action_required", "Confirmation needed", "Payments that the bank wants confirmed", True
    ),
    BillKind("card_expiring", "Card expiring", "A card that expires soon", True),
    BillKind("reminder", "Reminder", "Reminders of invoices that are past due", True),
    BillKind("credit_note", "Credit note", "Credit notes", wait=_FOLLOWS),
)
BILL_KINDS: Mapping[str, BillKind] = {kind.name: kind for kind in _KINDS}
# What people can turn on and off.
CHOOSABLE = tuple(kind for kind in _KINDS if not kind.is_the_bill)
