"""Support's list of what is past due: by age and amount, what each age comes to, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.accounts.people import person_by_id
from dashboard.accounts.permissions import permission
from dashboard.audit.write import write_entry
from dashboard.billing.declines import decline_of
from dashboard.clock import utc_now
from dashboard.money import Money
from dashboard.paging import Sort
from dashboard.reading.past_due import (
    GIVEN_UP,
    RETURNED,
    LateInvoice,
    Sum,
    Wanted,
    every_late_invoice,
    late_invoices,
    sums_of_ages,
)
from dashboard.views.access import current_actor, reader
from dashboard.views.exports import csv_answer
from dashboard.views.formatting import machine
from dashboard.views.listing import ListKind, Narrowed, Order

bp = Blueprint("past_due", __name__)
LATE = ListKind(
    "past_due.index", "invoice", "invoices",
    {"age": Order("oldest first", "newest first"),
     "amount": Order("smallest first", "largest first")},
    Sort("age"), ("age", "currency"),
)  # fmt: skip
WORDS = {
    "7": "Up to 7 days", "30": "8 to 30 days", "60": "31 to 60 days", "90": "61 to 90 days",
    "older": "Over 90 days", GIVEN_UP: "Uncollectible", RETURNED: "Returned by the bank",
}  # fmt: skip
TABS = ((None, "All ages"), *WORDS.items())
HEADING = (
    "organization", "name", "invoice", "number", "state", "late_since", "days_late", "due_at",
    "owed", "currency", "attempts", "decline_code", "next_attempt_at",
)  # fmt: skip


class Bucket(NamedTuple):
    """An age, and what its invoices come to in each currency."""

    name: str
    words: str
    number: int
    sums: Sequence[Sum]


@bp.get("/past-due")
@permission("payment.view")
def index() -> ResponseReturnValue:
    """List the invoices that should have been paid by now."""
    now, asked, wanted = utc_now(), LATE.asked(), wanted_invoices()
    sums = sums_of_ages(now=now)
    found = late_invoices(wanted, asked, now=now)
    return render_template(
        "past_due/index.html",
        page=LATE.listing(found, asked.sort, narrowed_to(wanted)),
        buckets=buckets_of(sums),
        open_sums=[one for one in sums if one.age not in (GIVEN_UP, RETURNED)],
        currencies=sorted({one.currency for one in sums}),
        tabs=TABS,
        remedy=remedy_of,
        now=now,
    )


@bp.get("/past-due.csv")
@permission("payment.view")
def export() -> Response:
    """Download what the list is narrowed to."""
    now, wanted = utc_now(), wanted_invoices()
    facts = {"filters": {name: value for name, value in wanted._asdict().items() if value}}
    who = person_by_id(reader().id)
    write_entry("past_due.exported", who, current_actor(), facts, now=now)
    rows = list(_csv_rows(wanted, now))
    return csv_answer(f"past-due-{now:%Y-%m-%d}.csv", rows)


def wanted_invoices() -> Wanted:
    """Return which invoices this request asks for."""
    age, currency = request.args.get("age"), request.args.get("currency", "")
    is_known = len(currency) == 3 and currency.isascii() and currency.isalpha()
    return Wanted(age if age in WORDS else None, currency.lower() if is_known else None)


def narrowed_to(wanted: Wanted) -> list[Narrowed]:
    """Return in words which are wanted."""
    told = (
        (("age",), WORDS.get(wanted.age or "")),
        (("currency",), wanted.currency and wanted.currency.upper()),
    )
    return [Narrowed(names, words) for names, words in told if words]


def buckets_of(sums: Sequence[Sum]) -> list[Bucket]:
    """Return every age with what it comes to, those without any as well."""
    return [
        Bucket(name, words, sum(one.number for one in sums if one.age == name),
               [one for one in sums if one.age == name])
        for name, words in WORDS.items()
    ]  # fmt: skip


def remedy_of(invoice: LateInvoice) -> str:
    """Return what stands in the way of an invoice's payment, for support."""
    if invoice.kind == "charged_back":
        return "A dispute was lost. Appeal at Stripe, charge it again, or settle it."
    if invoice.kind == "confirm":
        return "The customer has to confirm the payment."
    if invoice.decline_code is not None:
        return decline_of(invoice.decline_code).means
    return invoice.payment_failure or "It was sent and is not paid."


def _csv_rows(wanted: Wanted, now: datetime) -> Iterator[Sequence[object]]:
    yield HEADING
    for one in every_late_invoice(wanted, now=now):
        yield (
            one.slug, one.organization, one.sequence, one.number or "", one.kind,
            machine(one.late_since), one.days_late(now), machine(one.due_at) if one.due_at else "",
            Money(one.owed_cents, one.currency).major, one.currency.upper(), one.failed_attempts,
            one.decline_code or "",
            machine(one.next_payment_attempt_at) if one.next_payment_attempt_at else "",
        )  # fmt: skip
