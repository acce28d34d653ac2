"""What the bill would be with other services and usage: worked out for the page, and never kept."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.current import draft_of
from dashboard.billing.fold import counted_organization
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.forms.what_if import WhatIfForm, what_if_form
from dashboard.organizations.models import Organization
from dashboard.pricing.rating import AmountTooLarge
from dashboard.pricing.versions import load_windows
from dashboard.rehearsal import rehearsal
from dashboard.what_if.answer import Answer, Bill
from dashboard.what_if.offered import prices_offered
from dashboard.what_if.wanted import Wanted

bp = Blueprint("what_if", __name__, url_prefix="/organizations/<slug>/what-if")
TOO_LARGE = "That would make a line too large. Enter less."


@bp.get("")
@permission("organization.view")
def show(slug: str) -> ResponseReturnValue:
    """Show the form and, beside what the bill will likely be, what it would be."""
    organization = counted_organization(slug, now=utc_now())
    invoice = draft_of(organization)
    if invoice is None:
        return render_template("what_if/show.html", organization=organization, invoice=None)
    # PostgreSQL itself refuses whatever would change a row.
    with rehearsal():
        return _page(organization, invoice)


def _page(organization: Organization, invoice: Invoice) -> str:
    now = utc_now()
    bill = Bill(invoice, now=now)
    as_it_is = bill.answer(Wanted(now))
    form = what_if_form(
        request.args,
        as_it_is.lines,
        _days(invoice, now.date()),
        prices_offered(
            organization.currency,
            {line.price_id for line in as_it_is.lines},
            invoice.cycle.interval,
        ),
    )
    answer, mistakes = _answer(bill, form, as_it_is)
    return render_template(
        "what_if/show.html",
        organization=organization,
        invoice=invoice,
        form=form,
        answer=answer,
        mistakes=mistakes,
        is_too_early=bill.is_too_early,
    )


def _answer(bill: Bill, form: WhatIfForm, as_it_is: Answer) -> tuple[Answer, list[str]]:
    """Return what was asked, or the bill as it is and what is wrong with the question."""
    if not form.validate():
        return as_it_is, form.mistakes
    wanted = form.wanted(bill.now)
    added = load_windows(wanted.units)
    try:
        return bill.answer(wanted, next(iter(added.values()), ())), []
    except AmountTooLarge:
        return as_it_is, [TOO_LARGE]


def _days(invoice: Invoice, today: date) -> tuple[date, date]:
    """Return the first and the last day that may be asked for."""
    last = (invoice.period_end - timedelta(microseconds=1)).date()
    return min(today, last), last
