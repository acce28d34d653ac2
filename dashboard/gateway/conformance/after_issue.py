"""Assumptions about what follows an issued invoice: credit notes, refunds, payments elsewhere."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from dashboard.gateway.conformance.api import Reply
from dashboard.gateway.conformance.bench import Bench, expect, expect_refusal, granted, line
from dashboard.gateway.conformance.registry import Checks

check = Checks("after_issue")

NOTES = "docs: invoicing/integration/programmatic-credit-notes"
VOIDS = "docs: invoicing/integration/workflow-transitions, invoicing/partial-payments"
PAYMENTS = "docs: changelog 2025-03-31, invoice payments"


def _opened(bench: Bench, cents: int = 10_000) -> Reply:
    draft = bench.draft_with(line(cents))
    path = f"invoices/{draft['id']}/finalize"
    return granted(bench.api.post(path, auto_advance=False, expand=["payments"]))


def _paid(bench: Bench) -> Reply:
    opened = _opened(bench)
    path = "payment_methods/pm_card_visa/attach"
    method = granted(bench.api.post(path, customer=opened["customer"]))
    return granted(bench.api.post(f"invoices/{opened['id']}/pay", payment_method=method["id"]))


def _intent(bench: Bench, invoice_id: str) -> str:
    page = granted(bench.api.get("invoice_payments", invoice=invoice_id, status="paid"))
    return str(page["data"][0]["payment"]["payment_intent"])


@check("note_lowers_due", "A credit note lowers what is due, and not the total.", NOTES)
def note_lowers_due(bench: Bench) -> None:
    opened = _opened(bench)
    note = granted(bench.api.post("credit_notes", invoice=opened["id"], amount=2000))
    expect(note["pre_payment_amount"] == 2000, f"pre_payment_amount {note['pre_payment_amount']}")
    read = granted(bench.api.get(f"invoices/{opened['id']}"))
    seen = (read["total"], read["amount_due"], read["amount_remaining"])
    expect(seen == (10_000, 8000, 8000), f"total, due, remaining {seen}")
    expect(read["pre_payment_credit_notes_amount"] == 2000, "the invoice does not show it")


@check("note_previewed", "The preview of a note says what its creation does.", NOTES)
def note_previewed(bench: Bench) -> None:
    opened = _opened(bench)
    line_id = opened["lines"]["data"][0]["id"]
    credited = {"type": "invoice_line_item", "invoice_line_item": line_id, "amount": 2000}
    wanted = {"invoice": opened["id"], "lines": [credited]}
    preview = granted(bench.api.get("credit_notes/preview", **wanted))
    note = granted(bench.api.post("credit_notes", **wanted))
    names = ("total", "pre_payment_amount", "post_payment_amount", "type")
    differs = [name for name in names if preview[name] != note[name]]
    expect(not differs, f"the preview differs in {', '.join(differs)}")
    expect(note["pre_payment_amount"] == 2000, f"pre_payment_amount {note['pre_payment_amount']}")


@check("note_voided", "A voided note of an open invoice is due again.", NOTES)
def note_voided(bench: Bench) -> None:
    opened = _opened(bench)
    note = granted(bench.api.post("credit_notes", invoice=opened["id"], amount=2000))
    voided = granted(bench.api.post(f"credit_notes/{note['id']}/void"))
    expect(voided["status"] == "void", f"status {voided['status']}")
    read = granted(bench.api.get(f"invoices/{opened['id']}"))
    expect(read["amount_due"] == 10_000, f"amount_due {read['amount_due']}")


@check("note_over_all_pays", "A note over all that is due makes the invoice paid.", NOTES)
def note_over_all_pays(bench: Bench) -> None:
    opened = _opened(bench)
    granted(bench.api.post("credit_notes", invoice=opened["id"], amount=10_000))
    read = granted(bench.api.get(f"invoices/{opened['id']}"))
    seen = (read["status"], read["amount_paid"])
    expect(seen == ("paid", 0), f"status, amount_paid {seen}")


@check("void_is_final", "An open invoice can be voided, once.", VOIDS)
def void_is_final(bench: Bench) -> None:
    opened = _opened(bench)
    voided = granted(bench.api.post(f"invoices/{opened['id']}/void"))
    expect(voided["status"] == "void", f"status {voided['status']}")
    expect_refusal(bench.api.post(f"invoices/{opened['id']}/void"), 400)


@check("void_with_note", "An open invoice with a credit note on it can be voided.", VOIDS)
def void_with_note(bench: Bench) -> None:
    opened = _opened(bench)
    granted(bench.api.post("credit_notes", invoice=opened["id"], amount=2000))
    voided = granted(bench.api.post(f"invoices/{opened['id']}/void"))
    expect(voided["status"] == "void", f"status {voided['status']}")


@check("void_needs_unpaid", "What is paid, by other means too, cannot be voided.", VOIDS)
def void_needs_unpaid(bench: Bench) -> None:
    expect_refusal(bench.api.post(f"invoices/{_paid(bench)['id']}/void"), 400)
    opened = _opened(bench)
    granted(bench.api.post(f"invoices/{opened['id']}/pay", paid_out_of_band=True))
    expect_refusal(bench.api.post(f"invoices/{opened['id']}/void"), 400)


@check("payment_is_told", "Finalizing shows the payment intent, which leads back.", PAYMENTS)
def payment_is_told(bench: Bench) -> None:
    opened = _opened(bench)
    payments = opened["payments"]["data"]
    expect(len(payments) == 1, f"{len(payments)} payments")
    intent = payments[0]["payment"]["payment_intent"]
    by = {"type": "payment_intent", "payment_intent": intent}
    page = granted(bench.api.get("invoice_payments", payment=by))
    found = [one["invoice"] for one in page["data"]]
    expect(found == [opened["id"]], f"the intent leads to {found}")


@check("refund_leaves_invoice", "A refund names its intent and changes nothing of the invoice.")
def refund_leaves_invoice(bench: Bench) -> None:
    paid = _paid(bench)
    intent = _intent(bench, paid["id"])
    refund = granted(bench.api.post("refunds", payment_intent=intent, amount=3000))
    expect(refund["payment_intent"] == intent, f"payment_intent {refund['payment_intent']}")
    read = granted(bench.api.get(f"invoices/{paid['id']}"))
    names = ("status", "amount_paid", "amount_due", "post_payment_credit_notes_amount")
    changed = [name for name in names if read[name] != paid[name]]
    expect(not changed, f"changed: {', '.join(changed)}")


@check("refund_eats_credit", "A refunded amount cannot be credited again.", "stripe-python")
def refund_eats_credit(bench: Bench) -> None:
    paid = _paid(bench)
    granted(bench.api.post("refunds", payment_intent=_intent(bench, paid["id"]), amount=3000))
    noted = bench.api.post("credit_notes", invoice=paid["id"], amount=8000, credit_amount=8000)
    expect_refusal(noted, 400)


@check(
    "off_stripe_is_asked_for",
    "Amounts paid outside Stripe are shown only on request.",
    "docs: changelog 2026-05-27",
)
def off_stripe_is_asked_for(bench: Bench) -> None:
    opened = _opened(bench)
    granted(bench.api.post(f"invoices/{opened['id']}/pay", paid_out_of_band=True))
    path = f"invoices/{opened['id']}"
    plain = granted(bench.api.get(path))
    expect("amount_paid_off_stripe" not in plain.body, "it is shown without a request")
    asked = granted(bench.api.get(path, expand=["amount_paid_off_stripe"]))
    expect(asked["amount_paid_off_stripe"] == 10_000, f"{asked['amount_paid_off_stripe']}")
    expect(asked["amount_paid"] == 10_000, f"amount_paid {asked['amount_paid']}")


@check(
    "replies_are_dated", "A reply is dated by a clock that agrees with the objects'.", "RFC 9110"
)
def replies_are_dated(bench: Bench) -> None:
    draft = bench.draft()
    expect("Date" in draft.headers, "the reply has no Date")
    sent = parsedate_to_datetime(draft.headers["Date"]).timestamp()
    expect(abs(sent - draft["created"]) <= 2, f"created {draft['created']}, dated {int(sent)}")
