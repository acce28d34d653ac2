"""Credit notes lower an open invoice and give money of a paid one back."""

import pytest
import stripe

from tests.simulator.shop import Shop
from tests.support.simulator import SimulatorControl


def test_a_credit_note_lowers_what_is_due(shop: Shop) -> None:
    opened = shop.opened(5000)

    note = shop.client.credit_notes.create({"invoice": opened.id, "amount": 1500})

    read = shop.read(opened.id)
    assert (note.type, note.total) == ("pre_payment", 1500)
    assert (read.amount_remaining, read.pre_payment_credit_notes_amount) == (3500, 1500)


def test_a_credit_note_over_everything_pays_the_invoice(shop: Shop) -> None:
    opened = shop.opened(5000)

    shop.client.credit_notes.create({"invoice": opened.id, "amount": 5000})

    assert shop.read(opened.id).status == "paid"


def test_a_line_can_be_credited(shop: Shop) -> None:
    opened = shop.opened(5000, 700)
    line = opened.lines.data[1]

    credited = [{"type": "invoice_line_item", "invoice_line_item": line.id, "amount": 700}]
    note = shop.client.credit_notes.create({"invoice": opened.id, "lines": credited})

    assert note.lines.data[0].invoice_line_item == line.id
    assert shop.read(opened.id).amount_remaining == 5000


def test_more_than_what_is_left_is_refused(shop: Shop) -> None:
    opened = shop.opened(5000)

    with pytest.raises(stripe.InvalidRequestError, match="larger"):
        shop.client.credit_notes.create({"invoice": opened.id, "amount": 5001})


def test_the_credit_of_a_paid_invoice_must_go_somewhere(shop: Shop) -> None:
    opened = shop.opened(5000)
    shop.client.invoices.pay(opened.id)

    with pytest.raises(stripe.InvalidRequestError, match="must equal"):
        shop.client.credit_notes.create({"invoice": opened.id, "amount": 1000})
    wanted = {"invoice": opened.id, "amount": 1000, "credit_amount": 1000}
    shop.client.credit_notes.create(wanted)

    assert shop.client.customers.retrieve(opened.customer).balance == -1000


def test_a_draft_takes_no_credit_note(shop: Shop) -> None:
    draft = shop.draft(5000)

    with pytest.raises(stripe.InvalidRequestError, match="draft"):
        shop.client.credit_notes.create({"invoice": draft.id, "amount": 1})


def test_the_notes_of_an_invoice_are_listed(shop: Shop) -> None:
    opened = shop.opened(5000)
    note = shop.client.credit_notes.create({"invoice": opened.id, "amount": 1500})

    found = shop.client.credit_notes.list({"invoice": opened.id}).data

    assert [one.id for one in found] == [note.id]
    assert shop.client.credit_notes.retrieve(note.id).amount == 1500


def test_a_note_on_a_partly_paid_invoice_lowers_the_rest_and_gives_back_what_is_above(
    shop: Shop, simulator: SimulatorControl
) -> None:
    opened = shop.opened(10_000)
    simulator.post(f"invoices/{opened.id}/paid-elsewhere", amount=4000)
    wanted = {"invoice": opened.id, "amount": 8000, "out_of_band_amount": 2000}

    note = shop.client.credit_notes.create(wanted)

    read = shop.read(opened.id)
    assert (note.type, note.pre_payment_amount, note.post_payment_amount) == ("mixed", 6000, 2000)
    assert (read.status, read.amount_paid, read.amount_remaining) == ("paid", 4000, 0)


def test_a_voided_note_makes_its_amount_due_again(shop: Shop) -> None:
    opened = shop.opened(5000)
    note = shop.client.credit_notes.create({"invoice": opened.id, "amount": 1500})

    shop.client.credit_notes.void_credit_note(note.id)

    assert shop.read(opened.id).amount_due == 5000
    told = ["credit_note.created", "invoice.updated", "credit_note.voided", "invoice.updated"]
    assert shop.event_types()[-4:] == told


def test_a_refund_by_itself_leaves_less_to_credit(shop: Shop) -> None:
    opened = shop.opened(10_000)
    shop.client.invoices.pay(opened.id)
    payment = shop.client.invoice_payments.list({"invoice": opened.id}).data[0]
    shop.client.refunds.create({"payment_intent": payment.payment.payment_intent, "amount": 3000})

    wanted = {"invoice": opened.id, "amount": 8000, "credit_amount": 8000}
    with pytest.raises(stripe.InvalidRequestError, match="still be credited"):
        shop.client.credit_notes.create(wanted)

    read = shop.read(opened.id)
    assert (read.status, read.amount_paid, read.post_payment_credit_notes_amount) == (
        "paid", 10_000, 0,
    )  # fmt: skip


def test_the_refund_of_a_note_is_one_thing_with_it(shop: Shop) -> None:
    opened = shop.opened(5000)
    shop.client.invoices.pay(opened.id)

    wanted = {"invoice": opened.id, "amount": 1000, "refund_amount": 1000}
    note = shop.client.credit_notes.create(wanted)

    refund = shop.client.refunds.retrieve(note.refunds[0].refund)
    assert (refund.amount, refund.status) == (1000, "succeeded")
    shop.client.credit_notes.create({"invoice": opened.id, "amount": 4000, "credit_amount": 4000})


def test_a_preview_says_what_the_note_would_be_and_makes_none(shop: Shop) -> None:
    opened = shop.opened(5000, 700)
    line = opened.lines.data[1]
    wanted = {
        "invoice": opened.id,
        "lines": [{"type": "invoice_line_item", "invoice_line_item": line.id, "amount": 300}],
        "metadata": {"dashboard_credit_note": "7"},
    }

    preview = shop.client.credit_notes.preview(wanted)
    assert (preview.total, preview.pre_payment_amount, preview.post_payment_amount) == (300, 300, 0)
    assert shop.client.credit_notes.list({"invoice": opened.id}).data == []

    note = shop.client.credit_notes.create(wanted)
    assert (note.total, note.pre_payment_amount) == (300, 300)
    assert note.metadata.to_dict() == {"dashboard_credit_note": "7"}


def test_a_line_is_not_credited_beyond_what_is_left_of_it(shop: Shop) -> None:
    opened = shop.opened(5000, 700)
    line = opened.lines.data[1].id
    credited = {"type": "invoice_line_item", "invoice_line_item": line, "amount": 400}
    shop.client.credit_notes.create({"invoice": opened.id, "lines": [credited]})

    with pytest.raises(stripe.InvalidRequestError, match="left of the line"):
        shop.client.credit_notes.create({"invoice": opened.id, "lines": [credited]})
    credited["amount"] = 300
    shop.client.credit_notes.create({"invoice": opened.id, "lines": [credited]})
