"""Customers, their cards and their balance."""

import pytest
import stripe

from tests.simulator.shop import BAD_CARD, GOOD_CARD, Shop


def test_a_customer_reads_back_as_created(shop: Shop) -> None:
    made = shop.customer(email="a@tarn.test", metadata={"organization": "7"})

    read = shop.client.customers.retrieve(made.id)

    assert (read.name, read.email, read.metadata["organization"]) == ("Tarn", "a@tarn.test", "7")


def test_an_invoice_names_the_tax_ids_that_its_customer_had_when_it_was_finalized(
    shop: Shop,
) -> None:
    customer, given = shop.customer(), {"type": "us_ein", "value": "00-7654321"}
    made = shop.client.customers.tax_ids.create(customer.id, given)
    assert (made.type, made.value, made.country) == ("us_ein", "00-7654321", "US")
    invoice = shop.client.invoices.create({"customer": customer.id})
    assert [one.value for one in invoice.customer_tax_ids] == ["00-7654321"]


def test_a_test_card_becomes_a_card_of_the_customer(shop: Shop) -> None:
    customer = shop.customer(GOOD_CARD)

    cards = shop.client.customers.payment_methods.list(customer.id).data

    assert [card.card.last4 for card in cards] == ["4242"]
    assert customer.invoice_settings.default_payment_method == cards[0].id


def test_another_card_can_become_the_default(shop: Shop) -> None:
    customer = shop.customer(BAD_CARD)
    card = shop.client.payment_methods.attach(GOOD_CARD, {"customer": customer.id})

    settings = {"invoice_settings": {"default_payment_method": card.id}}
    changed = shop.client.customers.update(customer.id, settings)

    assert changed.invoice_settings.default_payment_method == card.id


def test_a_detached_card_is_no_longer_the_default(shop: Shop) -> None:
    customer = shop.customer(GOOD_CARD)

    shop.client.payment_methods.detach(customer.invoice_settings.default_payment_method)

    read = shop.client.customers.retrieve(customer.id)
    assert read.invoice_settings.default_payment_method is None


def test_a_blank_value_unsets_a_field(shop: Shop) -> None:
    customer = shop.customer(email="a@tarn.test", metadata={"a": "1", "b": "2"})

    changed = shop.client.customers.update(customer.id, {"metadata": {"a": ""}})

    assert changed.metadata.to_dict() == {"b": "2"}


def test_a_deleted_customer_answers_with_its_tombstone(shop: Shop) -> None:
    customer = shop.customer()

    shop.client.customers.delete(customer.id)

    assert shop.client.customers.retrieve(customer.id).deleted
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        shop.draft(customer=customer.id)


def test_customers_are_listed_newest_first_and_found_by_email(shop: Shop) -> None:
    first = shop.customer(email="one@tarn.test")
    second = shop.customer(email="two@tarn.test")

    assert [one.id for one in shop.client.customers.list().data] == [second.id, first.id]
    found = shop.client.customers.list({"email": "one@tarn.test"}).data
    assert [one.id for one in found] == [first.id]


def test_a_change_is_told_with_what_was_there_before(shop: Shop) -> None:
    customer = shop.customer()

    shop.client.customers.update(customer.id, {"name": "Tarn Ltd"})

    event = shop.client.events.list({"type": "customer.updated"}).data[0]
    assert event.data.previous_attributes.to_dict() == {"name": "Tarn"}


def test_an_unknown_card_is_refused(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such PaymentMethod"):
        shop.customer("pm_none")


def test_balance_adjustments_add_up(shop: Shop) -> None:
    customer = shop.customer()
    transactions = shop.client.customers.balance_transactions

    transactions.create(customer.id, {"amount": -500, "currency": "usd"})
    last = transactions.create(customer.id, {"amount": 200, "currency": "usd"})

    assert last.ending_balance == -300
    assert shop.client.customers.retrieve(customer.id).balance == -300
