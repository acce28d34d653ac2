"""What happens to a finalized invoice: paid, declined, sent, voided, written off."""

import pytest
import stripe
from stripe import Invoice

from tests.simulator.shop import BAD_CARD, GOOD_CARD, Shop
from tests.support.simulator import SimulatorControl

DAY = 86400


def _collected(shop: Shop, simulator: SimulatorControl, card: str | None) -> Invoice:
    draft = shop.draft(5000, customer=shop.customer(card).id)
    shop.client.invoices.finalize_invoice(draft.id, {"auto_advance": True})
    simulator.advance(5)
    return shop.read(draft.id)


def test_stripe_collects_by_itself_after_finalization(
    shop: Shop, simulator: SimulatorControl
) -> None:
    invoice = _collected(shop, simulator, GOOD_CARD)

    assert (invoice.status, invoice.amount_paid, invoice.auto_advance) == ("paid", 5000, False)
    assert shop.event_types()[-3:] == [
        "invoice_payment.paid",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]


@pytest.mark.parametrize("card", [BAD_CARD, None])
def test_a_declined_or_missing_card_leaves_it_open(
    shop: Shop, simulator: SimulatorControl, card: str | None
) -> None:
    invoice = _collected(shop, simulator, card)

    assert (invoice.status, invoice.attempt_count, invoice.amount_remaining) == ("open", 1, 5000)
    assert invoice.next_payment_attempt is not None
    assert shop.event_types()[-1] == "invoice.payment_failed"


def test_a_later_attempt_succeeds_with_a_better_card(
    shop: Shop, simulator: SimulatorControl
) -> None:
    invoice = _collected(shop, simulator, BAD_CARD)

    settings = {"invoice_settings": {"default_payment_method": GOOD_CARD}}
    shop.client.customers.update(invoice.customer, settings)
    simulator.advance(4 * DAY)

    assert shop.read(invoice.id).status == "paid"


def test_attempts_end(shop: Shop, simulator: SimulatorControl) -> None:
    invoice = _collected(shop, simulator, BAD_CARD)

    simulator.advance(60 * DAY)

    read = shop.read(invoice.id)
    assert (read.status, read.attempt_count, read.next_payment_attempt) == ("open", 4, None)


def test_nobody_collects_without_auto_advance(shop: Shop, simulator: SimulatorControl) -> None:
    opened = shop.opened(5000)

    simulator.advance(10 * DAY)

    assert shop.read(opened.id).status == "open"


def test_a_declined_pay_call_is_a_card_error(shop: Shop) -> None:
    opened = shop.opened(5000, customer=shop.customer(BAD_CARD).id)

    with pytest.raises(stripe.CardError) as refusal:
        shop.client.invoices.pay(opened.id)

    assert refusal.value.code == "card_declined"
    assert shop.read(opened.id).attempt_count == 1


def test_an_invoice_is_paid_once(shop: Shop) -> None:
    opened = shop.opened(5000)
    shop.client.invoices.pay(opened.id)

    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        shop.client.invoices.pay(opened.id)


def test_an_invoice_can_be_paid_out_of_band(shop: Shop) -> None:
    opened = shop.opened(5000, customer=shop.customer(None).id)

    paid = shop.client.invoices.pay(opened.id, {"paid_out_of_band": True})

    assert (paid.status, paid.amount_remaining) == ("paid", 0)


def test_a_sent_invoice_has_a_due_date_and_waits(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft(5000, collection_method="send_invoice", days_until_due=30)

    sent = shop.client.invoices.send_invoice(draft.id)
    simulator.advance(2 * DAY)

    assert sent.due_date - sent.status_transitions.finalized_at == 30 * DAY
    assert shop.read(draft.id).status == "open"
    assert shop.event_types()[-1] == "invoice.sent"


def test_an_uncollectible_invoice_can_still_be_paid(shop: Shop) -> None:
    opened = shop.opened(5000)

    written_off = shop.client.invoices.mark_uncollectible(opened.id)
    paid = shop.client.invoices.pay(opened.id)

    assert (written_off.status, paid.status) == ("uncollectible", "paid")


def test_voiding_gives_the_used_balance_back(shop: Shop) -> None:
    customer = shop.customer(balance=-1000)
    opened = shop.opened(5000, customer=customer.id)
    assert opened.amount_due == 4000

    shop.client.invoices.void_invoice(opened.id)

    assert shop.client.customers.retrieve(customer.id).balance == -1000


def test_a_paid_invoice_is_not_voided(shop: Shop) -> None:
    opened = shop.opened(5000)
    shop.client.invoices.pay(opened.id)

    with pytest.raises(stripe.InvalidRequestError):
        shop.client.invoices.void_invoice(opened.id)


def test_numbers_run_per_customer(shop: Shop) -> None:
    customer = shop.customer().id

    numbers = [shop.opened(5000, customer=customer).number for _ in range(2)]

    assert [number.rpartition("-")[2] for number in numbers] == ["0001", "0002"]


def test_what_paid_an_invoice_is_listed(shop: Shop) -> None:
    opened = shop.opened(5000)
    shop.client.invoices.pay(opened.id)

    payments = shop.client.invoice_payments.list({"invoice": opened.id}).data

    assert [payment.amount_paid for payment in payments] == [5000]
