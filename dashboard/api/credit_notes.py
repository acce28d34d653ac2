"""Credit notes: what is taken off an issued invoice, once."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.keys import key_sent
from dashboard.api.operation import Operation, answer, operation, read_body
from dashboard.api.schemas.credit_notes import CreditNoteIn, CreditNoteOut, NoteVoidIn
from dashboard.billing.credit_note_void import ask_void, note_of_invoice
from dashboard.billing.credit_notes import WantedNote, note_by_key, plan_note
from dashboard.billing.credit_room import room_of
from dashboard.billing.models import Invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.waived import items_with_cycles
from dashboard.clock import utc_now
from dashboard.currencies import charge_step
from dashboard.errors import Invalid
from dashboard.money import Money
from jobs.credit_notes import carry_out_credit_note

bp = Blueprint(
    "credit_notes",
    __name__,
    url_prefix="/organizations/<slug>/invoices/<int:sequence>/credit-notes",
)


@bp.post("")
@permission("api.adjustments.write")
@operation(
    Operation(
        "Credit an issued invoice; a repeated key credits once",
        {201: CreditNoteOut},
        body=CreditNoteIn,
        headers={
            "Idempotency-Key": "Identifies the request; may be sent as `key` in the body instead."
        },
    )
)
def create(slug: str, sequence: int) -> Response:
    """Plan a credit note; it is issued at Stripe at once, and read again says whether it was."""
    wanted = read_body(CreditNoteIn)
    organization = caller.organization(slug)
    invoice = invoice_by_sequence(organization, sequence)
    key = key_sent(wanted.key)
    made = note_by_key(organization.id, key)
    if made is None:
        lines = _lines(invoice, wanted)
        caller.require_below_limit(Money(sum(lines.values()), invoice.currency))
    else:
        # What it was spread over then may have no room left by now.
        lines = {line.item_id: line.amount_cents for line in made.lines}
        if wanted.amount_cents != made.amount_cents:
            lines = _named(invoice, wanted)
    note = plan_note(
        invoice,
        WantedNote(
            lines,
            wanted.refund_cents,
            wanted.balance_cents,
            wanted.outside_cents,
            wanted.memo,
            wanted.reason,
        ),
        key=key,
        actor=caller.actor(),
        now=utc_now(),
    )
    carry_out_credit_note.enqueue(note.id)
    return answer(CreditNoteOut.of(note), 201)


@bp.post("/<int:note_id>/void")
@permission("api.adjustments.write")
@operation(
    Operation(
        "Void a credit note of an open invoice, which is due again; safe to repeat",
        {202: CreditNoteOut},
        body=NoteVoidIn,
    )
)
def void(slug: str, sequence: int, note_id: int) -> Response:
    """Have the note voided; read the invoice again for its `state`."""
    wanted = read_body(NoteVoidIn)
    organization = caller.organization(slug)
    note = note_of_invoice(invoice_by_sequence(organization, sequence), note_id)
    if note.state == "issued" and note.void_asked_at is None:
        caller.require_below_limit(Money(note.amount_cents, organization.currency))
    ask_void(note, reason=wanted.reason, actor=caller.actor(), now=utc_now())
    carry_out_credit_note.enqueue(note.id)
    return answer(CreditNoteOut.of(note), 202)


def _lines(invoice: Invoice, wanted: CreditNoteIn) -> dict[int, int]:
    if (wanted.items is None) == (wanted.amount_cents is None):
        raise Invalid(
            "Send `items` or `amount_cents`, one of the two. Nothing was changed.", field="items"
        )
    if wanted.amount_cents is None:
        return _named(invoice, wanted)
    room, step = room_of(invoice, items_with_cycles(invoice)), charge_step(invoice.currency)
    if wanted.amount_cents > room.most or wanted.amount_cents % step:
        raise Invalid(
            f"{room.most} minor units can still be credited, in multiples of {step}. Nothing was "
            "changed. Send no more.",
            field="amount_cents",
        )
    return room.spread(wanted.amount_cents)


def _named(invoice: Invoice, wanted: CreditNoteIn) -> dict[int, int]:
    """Return what to take off which item, by id; raise `Invalid` for a key that is not there."""
    ids = {item.key: item.id for item in items_with_cycles(invoice)}
    lines: dict[int, int] = {}
    for one in wanted.items or ():
        if one.item not in ids or ids[one.item] in lines:
            what = "is named twice" if one.item in ids else "is not on the invoice"
            raise Invalid(
                f"The item {one.item} {what}. Nothing was changed. Name items by their `key`, each "
                "once.",
                field="items",
            )
        lines[ids[one.item]] = one.amount_cents
    return lines
