"""What people do to issued invoices in Stripe's dashboard: void, edit, credit, refund, pay."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from benchmarks.soak.renewals import Subscriptions
from tests.support.stripe_dashboard import act, edit, look, void

CARD = "pm_card_visa"


@dataclass
class Dashboard:
    """Does one thing at a time to some invoice of the account, whosever it is, and counts them."""

    url: str
    rng: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def click(self) -> None:
        """Do one thing; Stripe may fail here as well, and nobody tries again."""
        every: dict[Callable[[], str], int] = {
            self.void: 2,
            self.edit: 1,
            self.credit: 3,
            self.pay_by_card: 4,
            self.pay_elsewhere: 2,
            self.refund: 3,
            Subscriptions(self.url, self.rng).change: 2,
        }
        what = self.rng.choices(list(every), list(every.values()))[0]
        try:
            self.done[what()] += 1
        except requests.RequestException as error:
            self.done[f"{what.__name__} without an answer ({type(error).__name__})"] += 1

    def void(self) -> str:
        """Void an open invoice."""
        return self._to("open", lambda invoice: void(self.url, invoice["id"]), "void")

    def edit(self) -> str:
        """Edit an open invoice and leave it as it was: a revision takes its place."""
        return self._to("open", lambda invoice: edit(self.url, invoice["id"]), "edit")

    def credit(self) -> str:
        """Credit a part of what is left to pay, or of what was paid."""
        status = self.rng.choice(("open", "paid"))
        return self._to(status, self._note, f"credit note on {status}")

    def pay_by_card(self) -> str:
        """Give the customer a card and pay."""
        return self._to("open", self._charge, "card payment")

    def pay_elsewhere(self) -> str:
        """Note that the money came another way."""
        pay = {"paid_out_of_band": "true"}
        return self._to(
            "open", lambda invoice: act(self.url, f"invoices/{invoice['id']}/pay", **pay),
            "payment elsewhere",
        )  # fmt: skip

    def refund(self) -> str:
        """Give back a part of a card payment."""
        return self._to("paid", self._refund, "refund")

    def _to(self, status: str, do: Callable[[dict[str, Any]], object], name: str) -> str:
        invoices = look(self.url, "invoices", status=status, limit=100)["data"]
        owed = [one for one in invoices if one["amount_remaining" if status == "open" else "total"]]
        if not owed:
            return "nothing to do"
        return name if do(self.rng.choice(owed)) else "nothing to do"

    def _note(self, invoice: dict[str, Any]) -> object:
        is_open = invoice["status"] == "open"
        most = invoice["amount_remaining"] if is_open else invoice["amount_paid"]
        credited = invoice["post_payment_credit_notes_amount"]
        if most - credited < 2:
            return None
        cents = self.rng.randint(1, (most - credited) // 2)
        back = {} if is_open else {"credit_amount": cents}
        return act(self.url, "credit_notes", invoice=invoice["id"], amount=cents, **back)

    def _charge(self, invoice: dict[str, Any]) -> object:
        card = act(self.url, f"payment_methods/{CARD}/attach", customer=invoice["customer"])
        pay = {"payment_method": card["id"]}
        return act(self.url, f"invoices/{invoice['id']}/pay", **pay)

    def _refund(self, invoice: dict[str, Any]) -> object:
        payments = look(self.url, "invoice_payments", invoice=invoice["id"])["data"]
        cards = [one for one in payments if one["payment"].get("payment_intent")]
        if not cards or not cards[0]["amount_paid"]:
            return None
        cents = self.rng.randint(1, max(1, cards[0]["amount_paid"] // 4))
        intent = cards[0]["payment"]["payment_intent"]
        return act(self.url, "refunds", payment_intent=intent, amount=cents)
