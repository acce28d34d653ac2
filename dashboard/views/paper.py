"""An invoice as a document: everything on it as text, for the page and for the PDF alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from dashboard.billing.models import Invoice
from dashboard.billing.overview import shown_status
from dashboard.billing.period import Period
from dashboard.gateway.addresses import address_lines
from dashboard.pricing.exact import symbol
from dashboard.reading.groups import Group, Part, by_product, in_order, name_of, parts_of
from dashboard.reading.items import BilledItems
from dashboard.reading.rows import Item
from dashboard.settings.seller import Seller
from dashboard.views.formatting import day, money, period
from dashboard.views.item_words import each_of, note_of, quantity_of, whole_of
from dashboard.views.paper_notes import Credit, notes_of, notes_of_credits
from dashboard.views.paper_sums import Sum, sums_of

# Credits up to so many are told one by one below the lines; more of them are lines.
FEW_CREDITS = 5
TITLES = {"draft": "Draft", "closing": "Draft", "sealed": "Draft"}
STAMPS = {
    "paid": "Paid in full",
    "void": "Void: nothing is owed",
    "uncollectible": "Not paid",
    "past_due": "Past due",
    "empty": "Nothing to pay",
}
# Of more, a document holds the sums of the products: nobody reads a hundred sheets.
MOST_LINES = 3_000
LARGE = "This bill is large, so it shows the total of each product. The CSV has every line."
UNDONE = "Charges and credits that were reversed are not listed: each pair comes to nothing."
NOT_ISSUED = "This is a draft: it is not an invoice, and its amounts may change until it is issued."
VOID = "This invoice is void. Nothing is owed on it."


class Line(NamedTuple):
    """One line, or the sum of a product that stands above its lines."""

    name: str
    note: str
    quantity: str
    each: str
    amount: str
    is_heading: bool
    is_under: bool


@dataclass(frozen=True, slots=True)
class Paper:
    """A document from its head to its foot; `facts` are (label, value)."""

    called: str
    title: str
    stamp: str
    is_paid: bool
    warning: str
    seller: Seller
    facts: Sequence[tuple[str, str]]
    billed_to: Sequence[str]
    reference: Sequence[str]
    currency: str
    lines: Sequence[Line]
    sums: Sequence[Sum]
    notes: Sequence[str]

    @property
    def foot(self) -> str:
        """Return what stands at the foot of every sheet."""
        if not self.seller.email:
            return self.called
        about = "draft" if self.title == "Draft" else "invoice"
        return f"Questions about this {about}: {self.seller.email}. Name the number {self.called}."


def paper_of(
    invoice: Invoice,
    found: BilledItems,
    seller: Seller,
    *,
    credits_since: Sequence[Credit] = (),
    now: datetime,
) -> Paper:
    """Return the document of an invoice with its items, which add up to its total.

    What was reversed is not listed, nor is its reversal. `credits_since` are its credit notes.
    """
    told = found.told
    credits_ = [one for one in told if one.kind == "adjustment" and one.billed_cents < 0]
    below = credits_ if len(credits_) <= FEW_CREDITS else []
    listed = [item for item in told if item not in below]
    lines = list(_lines(listed, invoice))
    notes = [*notes_of_credits(credits_since, invoice.currency), *notes_of(found)]
    if len(told) < len(found.items):
        notes.insert(0, UNDONE)
    if len(lines) > MOST_LINES:
        lines = [line for line in lines if not line.is_under]
        notes.insert(0, LARGE)
    state = shown_status(invoice, now)
    is_issued = invoice.status not in TITLES
    to = invoice.billed_to or {}
    address = to.get("address", ()) if is_issued else address_lines(invoice.organization.address)
    email = to.get("email") or invoice.organization.email
    return Paper(
        called=invoice.number or f"{invoice.organization.slug}-{invoice.sequence}",
        title=TITLES.get(invoice.status, "Invoice"),
        stamp=_stamp(invoice, state),
        is_paid=state == "paid",
        warning="" if is_issued and state != "void" else VOID if is_issued else NOT_ISSUED,
        seller=seller,
        facts=list(_facts(invoice)),
        billed_to=[
            to.get("name") or invoice.organization.name,
            *address,
            *(f"Tax ID {one}" for one in to.get("tax_ids", ())),
        ],
        reference=[email],
        currency=invoice.currency,
        lines=lines,
        sums=list(sums_of(invoice, listed, below)),
        notes=notes,
    )


def _stamp(invoice: Invoice, state: str) -> str:
    # Credit, or a credit note, may have left nothing to pay.
    is_settled = state == "paid" and not invoice.amount_paid_cents
    return "Settled" if is_settled else STAMPS.get(state, "")


def _facts(invoice: Invoice) -> Iterator[tuple[str, str]]:
    yield "Number", invoice.number or "Given when it is issued"
    if invoice.finalized_at:
        yield "Issued", day(invoice.finalized_at)
    yield "Period", period(invoice.period_start, invoice.period_end)
    if invoice.paid_at and invoice.status == "paid":
        yield "Paid" if invoice.total_cents >= 0 else "Settled", day(invoice.paid_at)
    elif invoice.due_at and invoice.status == "open":
        yield "Due", day(invoice.due_at)
    if invoice.voided_at:
        yield "Void", day(invoice.voided_at)


def _lines(items: Sequence[Item], invoice: Invoice) -> Iterator[Line]:
    for part in in_order(by_product(items), by_name=False):
        if not isinstance(part, Group) or len(part.kinds) == 1:
            yield _line(part, invoice, is_heading=True)
            continue
        amount = _figure(part.billed_cents, invoice.currency)
        yield Line(part.name, "", "", "", amount, is_heading=True, is_under=False)
        for one in in_order(parts_of(part), by_name=False):
            yield _line(one, invoice, is_under=True)


def _line(
    part: Part, invoice: Invoice, *, is_heading: bool = False, is_under: bool = False
) -> Line:
    whole = Period(invoice.period_start, invoice.period_end)
    return Line(
        _called(part),
        note_of(part, whole),
        quantity_of(part),
        each_of(part, invoice.currency, whole_of(invoice.cycle)),
        _figure(part.billed_cents, invoice.currency),
        is_heading,
        is_under,
    )


def _called(part: Part) -> str:
    """Return what is sold, also where a product's group holds one kind of another name."""
    if isinstance(part, Group) and len(part.kinds) == 1:
        return part.items[0].price_name or part.name
    return name_of(part)


def _figure(cents: int, currency: str) -> str:
    """Return an amount as it stands in a column whose head names the currency."""
    return money(cents, currency).replace(symbol(currency), "")
