"""Assumptions about currencies: which are taken, and amounts that cannot be charged.

We only send amounts that can be charged, so the checks of others tell what becomes of drafts that
somebody else changed, and of bills from before the rule.
"""

from __future__ import annotations

from dashboard.gateway.conformance.api import Reply
from dashboard.gateway.conformance.bench import Bench, expect, expect_refusal, granted, line
from dashboard.gateway.conformance.registry import Checks

check = Checks("currency")

CURRENCIES = "docs: currencies"


@check("unknown_is_refused", "A draft in a currency that does not exist is refused.", CURRENCIES)
def unknown_is_refused(bench: Bench) -> None:
    reply = bench.api.post("invoices", customer=bench.customer(), currency="zzz")
    expect_refusal(reply, 400)


@check("taken", "Drafts in currencies without cents, or of whole units only, are made.", CURRENCIES)
def taken(bench: Bench) -> None:
    for currency in ("jpy", "isk", "ugx", "huf"):
        seen = bench.draft(currency=currency)["currency"]
        expect(seen == currency, f"asked for {currency}, reads {seen}")


@check("whole_is_asked", "Whole amounts in ISK and UGX are billed as they are.", CURRENCIES)
def whole_is_asked(bench: Bench) -> None:
    for currency in ("isk", "ugx"):
        due = _issue(bench, currency, 1_050_000)["amount_due"]
        expect(due == 1_050_000, f"{currency}: amount_due {due}")


@check("ugx_fraction", "A fraction in UGX is rounded up, and the rest is credit.", CURRENCIES)
def ugx_fraction(bench: Bench) -> None:
    issued = _issue(bench, "ugx", 1_050_050)
    seen = (issued["amount_due"], issued["ending_balance"])
    expect(seen == (1_050_100, -50), f"amount_due and ending_balance {seen}")


@check("isk_fraction", "A fraction in ISK can be invoiced but not charged.")
def isk_fraction(bench: Bench) -> None:
    _cannot_be_paid(bench, "isk", 1_050_050)


@check("kwd_thousandth", "A last digit in KWD can be invoiced but not charged.")
def kwd_thousandth(bench: Bench) -> None:
    _cannot_be_paid(bench, "kwd", 12_345)


def _issue(bench: Bench, currency: str, cents: int) -> Reply:
    draft = bench.draft(currency=currency)
    granted(bench.add(draft["id"], line(cents)))
    return granted(bench.api.post(f"invoices/{draft['id']}/finalize"))


def _cannot_be_paid(bench: Bench, currency: str, cents: int) -> None:
    issued = _issue(bench, currency, cents)
    expect(issued["amount_due"] == cents, f"amount_due {issued['amount_due']}")
    path = f"invoices/{issued['id']}/pay"
    expect_refusal(bench.api.post(path, payment_method="pm_card_visa"), 400)
