"""Credit notes: the way to lower a bill that can no longer be edited.

A note first lowers what is due (to zero: paid). What is above that was paid, and the note must say
where it goes: refund_amount, credit_amount (to the balance) and out_of_band_amount add up to it.
"""

from __future__ import annotations

from simulator.engine.errors import invalid, missing, refused
from simulator.engine.metadata import merged
from simulator.engine.paging import page, within
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record, new_id
from simulator.resources.credit_note_view import note_line, render_note
from simulator.resources.customers import balance_of, set_balance
from simulator.resources.invoice_access import changed, terms
from simulator.resources.invoice_view import total_of
from simulator.resources.line_view import item_id
from simulator.resources.payment import mark_paid, remaining
from simulator.resources.payments_list import payments_of
from simulator.resources.refunds import make_refund, paid_intent, refunded_of

_WAYS_BACK = ("refund_amount", "credit_amount", "out_of_band_amount")


def create(call: Call) -> Record:
    """POST /v1/credit_notes."""
    invoice, note = _planned(call)
    before = terms(call, invoice)
    _give_back(call, invoice, note)
    invoice["pre_payment_credit_notes_amount"] += note["pre_payment_amount"]
    invoice["post_payment_credit_notes_amount"] += note["post_payment_amount"]
    call.store.put("credit_note", note)
    call.emit("credit_note.created", render_note(call, note))
    if remaining(call, invoice) == 0 and invoice["status"] != "paid":
        mark_paid(call, invoice, cents=0)
    changed(call, invoice, before)
    return render_note(call, note)


def preview(call: Call) -> Record:
    """GET /v1/credit_notes/preview: what `create` would make, or its refusal."""
    _, note = _planned(call)
    return render_note(call, note)


def _planned(call: Call) -> tuple[Record, Record]:
    """Return the invoice and the note as it would be made; nothing of either is stored."""
    given = call.params
    invoice = call.store.get("invoice", given["invoice"])
    if invoice is None:
        raise missing("invoice", given["invoice"], param="invoice", status=400)
    if invoice["status"] not in ("open", "paid", "uncollectible"):
        raise refused(f"A credit note cannot be made for a {invoice['status']} invoice.")
    lines = _lines(call, invoice)
    cents = sum(line["amount"] for line in lines)
    if cents <= 0:
        raise invalid("The credit note's total must be positive.", param="amount")
    note = _blank(call, invoice, lines, cents)
    note["pre_payment_amount"] = min(cents, remaining(call, invoice))
    note["post_payment_amount"] = cents - note["pre_payment_amount"]
    note["type"] = _kind(note)
    _check_back(call, invoice, note)
    return invoice, note


def void(call: Call) -> Record:
    """POST /v1/credit_notes/{id}/void: only while the invoice is open; it is due again."""
    note = _from_path(call)
    invoice = call.store.all("invoice")[note["invoice"]]
    if note["status"] == "void" or invoice["status"] != "open":
        raise refused("Only an issued credit note of an open invoice can be voided.")
    before = terms(call, invoice)
    note |= {"status": "void", "voided_at": call.now}
    invoice["pre_payment_credit_notes_amount"] -= note["pre_payment_amount"]
    call.store.put("credit_note", note)
    call.emit("credit_note.voided", render_note(call, note))
    changed(call, invoice, before)
    return render_note(call, note)


def retrieve(call: Call) -> Record:
    """GET /v1/credit_notes/{id}."""
    return render_note(call, _from_path(call))


def list_all(call: Call) -> Record:
    """GET /v1/credit_notes, newest first."""
    wanted = call.params
    found = [
        note
        for note in reversed(call.store.all("credit_note").values())
        if wanted.get("invoice") in (None, note["invoice"])
        and wanted.get("customer") in (None, note["customer"])
        and within(note["created"], wanted.get("created"))
    ]
    return page(found, wanted, url="/v1/credit_notes", render=lambda one: render_note(call, one))


def _lines(call: Call, invoice: Record) -> list[Record]:
    if "lines" in call.params:
        return [
            _line(call, invoice, given, f"lines[{index}]")
            for index, given in enumerate(call.params["lines"])
        ]
    if "amount" not in call.params:
        raise invalid("One of amount, lines or shipping_cost is needed.", param="amount")
    return [note_line("custom_line_item", call.params["amount"], None)]


def _line(call: Call, invoice: Record, given: Record, param: str) -> Record:
    if given["type"] == "custom_line_item":
        cents: int = given.get("unit_amount", 0) * given.get("quantity", 1)
        return note_line(given["type"], given.get("amount", cents), given.get("description"))
    line_id = given.get("invoice_line_item", "")
    item = call.store.get("invoiceitem", item_id(line_id))
    if item is None or item["invoice"] != invoice["id"]:
        raise missing("line_item", line_id, param=f"{param}[invoice_line_item]", status=400)
    described = given.get("description", item["description"])
    credited = int(given["amount"] if "amount" in given else item["amount"])
    if not 0 < credited <= item["amount"] - _credited_of(call, line_id):
        raise invalid("The amount is more than what is left of the line.", param=f"{param}[amount]")
    line = note_line(given["type"], credited, described)
    return {**line, "invoice_line_item": line_id}


def _credited_of(call: Call, line_id: str) -> int:
    return sum(
        int(line["amount"])
        for note in call.store.all("credit_note").values()
        for line in note["note_lines"]
        if note["status"] == "issued" and line.get("invoice_line_item") == line_id
    )


def _kind(note: Record) -> str:
    if note["pre_payment_amount"] and note["post_payment_amount"]:
        return "mixed"
    return "post_payment" if note["post_payment_amount"] else "pre_payment"


def _check_back(call: Call, invoice: Record, note: Record) -> None:
    parts = {name: call.params.get(name, 0) for name in _WAYS_BACK}
    back = note["post_payment_amount"]
    if note["amount"] > _still_to_credit(call, invoice):
        raise invalid("The credit note is larger than what can still be credited.", param="amount")
    if sum(parts.values()) != back:
        raise invalid(
            f"The sum of {', '.join(_WAYS_BACK)} must equal the credit note's post payment "
            f"amount ({back}).",
            param="amount",
        )
    if parts["refund_amount"]:
        paid_intent(call, invoice)
    note["out_of_band_amount"] = parts["out_of_band_amount"] or None


def _give_back(call: Call, invoice: Record, note: Record) -> None:
    parts = {name: call.params.get(name, 0) for name in _WAYS_BACK}
    if parts["credit_amount"]:
        customer = call.store.all("customer")[invoice["customer"]]
        balance = balance_of(customer, invoice["currency"]) - parts["credit_amount"]
        set_balance(call.store, customer, invoice["currency"], balance)
    if parts["refund_amount"]:
        refund = make_refund(call, paid_intent(call, invoice), parts["refund_amount"])
        note["refunds"] = [{"amount_refunded": refund["amount"], "refund": refund["id"]}]


def _still_to_credit(call: Call, invoice: Record) -> int:
    """Return the total less its notes; refunds made outside of notes count too."""
    refunded = sum(
        refunded_of(call, one["payment_intent"])
        for one in payments_of(call, invoice["id"])
        if one["payment_intent"]
    )
    by_notes = sum(
        int(one["amount_refunded"])
        for note in call.store.all("credit_note").values()
        if note["invoice"] == invoice["id"]
        for one in note.get("refunds", ())
    )
    noted = invoice["pre_payment_credit_notes_amount"] + invoice["post_payment_credit_notes_amount"]
    return int(total_of(call.store, invoice) - noted - refunded + by_notes)


def _from_path(call: Call) -> Record:
    note = call.store.get("credit_note", call.ids["id"])
    if note is None:
        raise missing("credit note", call.ids["id"])
    return note


def _blank(call: Call, invoice: Record, lines: list[Record], cents: int) -> Record:
    made = sum(one["invoice"] == invoice["id"] for one in call.store.all("credit_note").values())
    return {
        "id": new_id("cn"),
        "amount": cents,
        "created": call.now,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "effective_at": call.params.get("effective_at", call.now),
        "invoice": invoice["id"],
        "memo": call.params.get("memo"),
        "metadata": merged({}, call.params.get("metadata")),
        "note_lines": lines,
        "number": f"{invoice['number']}-CN-{made + 1:02d}",
        "out_of_band_amount": None,
        "post_payment_amount": 0,
        "pre_payment_amount": 0,
        "reason": call.params.get("reason"),
        "refunds": [],
        "status": "issued",
        "voided_at": None,
    }


ROUTES: dict[str, Handler] = {
    "POST /v1/credit_notes": create,
    "GET /v1/credit_notes": list_all,
    "GET /v1/credit_notes/preview": preview,
    "GET /v1/credit_notes/{id}": retrieve,
    "POST /v1/credit_notes/{id}/void": void,
}
