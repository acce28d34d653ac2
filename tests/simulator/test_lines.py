"""The bulk line calls beyond what the conformance suite asks."""

from decimal import Decimal

import pytest
import stripe

from tests.simulator.shop import Shop


def test_unassigned_lines_go_back_to_the_pending_pool(shop: Shop) -> None:
    draft = shop.draft(100, 200)
    first = draft.lines.data[0]

    lines = [{"id": first.id, "behavior": "unassign"}]
    left = shop.client.invoices.remove_lines(draft.id, {"lines": lines})

    item = first.parent.invoice_item_details.invoice_item
    assert left.total == 200
    assert shop.client.invoice_items.retrieve(item).invoice is None


def test_a_pending_item_can_be_attached_by_its_own_id(shop: Shop) -> None:
    draft = shop.draft()
    item = shop.client.invoice_items.create(
        {"customer": draft.customer, "amount": 700, "currency": "usd"}
    )

    added = shop.client.invoices.add_lines(draft.id, {"lines": [{"invoice_item": item.id}]})

    assert added.total == 700
    assert shop.client.invoice_items.retrieve(item.id).invoice == draft.id


def test_an_item_that_is_on_an_invoice_is_not_attached_again(shop: Shop) -> None:
    draft = shop.draft(100)
    item = draft.lines.data[0].parent.invoice_item_details.invoice_item

    with pytest.raises(stripe.InvalidRequestError, match="already on an invoice"):
        shop.client.invoices.add_lines(draft.id, {"lines": [{"invoice_item": item}]})


@pytest.mark.parametrize(
    ("unit", "quantity", "amount"),
    [("0.5", "3", 2), ("1.5", "1", 2), ("0.05", "20", 1), ("2.4", "1", 2)],
)
def test_unit_price_times_quantity_is_rounded_per_line(
    shop: Shop, unit: str, quantity: str, amount: int
) -> None:
    draft = shop.draft()
    priced = {
        "price_data": {"currency": "usd", "unit_amount_decimal": unit},
        "quantity_decimal": Decimal(quantity),
    }

    added = shop.client.invoices.add_lines(draft.id, {"lines": [priced]})

    assert added.total == amount


def test_a_zero_decimal_currency_counts_whole_units(shop: Shop) -> None:
    draft = shop.client.invoices.create({"customer": shop.customer().id, "currency": "jpy"})

    assert shop.add(draft.id, 1500).total == 1500


def test_lines_are_paged_backwards_too(shop: Shop) -> None:
    draft = shop.draft(*range(1, 8))
    lines = shop.lines(draft.id)

    page = shop.client.invoices.line_items.list(
        draft.id, {"limit": 2, "ending_before": lines[5].id}
    )

    assert [line.amount for line in page.data] == [4, 5]
    assert page.has_more


def test_a_limit_beyond_a_hundred_is_refused(shop: Shop) -> None:
    draft = shop.draft(1)

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.client.invoices.line_items.list(draft.id, {"limit": 101})

    assert refusal.value.param == "limit"


def test_a_line_of_another_invoice_is_not_changed(shop: Shop) -> None:
    mine, other = shop.draft(100), shop.draft(200)
    change = {"id": other.lines.data[0].id, "amount": 1}

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.client.invoices.update_lines(mine.id, {"lines": [change]})

    assert refusal.value.code == "resource_missing"
    assert shop.read(other.id).total == 200


def test_a_refused_call_names_the_line(shop: Shop) -> None:
    draft = shop.draft()

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.client.invoices.add_lines(
            draft.id, {"lines": [{"amount": 1}, {"amount": 1, "quantity": 2}]}
        )

    assert refusal.value.param == "lines[1][quantity]"


def test_the_event_of_a_bulk_call_tells_the_old_total(shop: Shop) -> None:
    draft = shop.draft(100)

    shop.add(draft.id, 50)

    event = shop.client.events.list({"type": "invoice.updated"}).data[0]
    assert event.data.previous_attributes["total"] == 100
    assert event.data.object["total"] == 150


def test_an_item_written_one_by_one_is_a_line_at_once(shop: Shop) -> None:
    draft = shop.draft()

    item = shop.client.invoice_items.create(
        {"customer": draft.customer, "invoice": draft.id, "amount": 900, "currency": "usd"}
    )
    shop.client.invoice_items.update(item.id, {"amount": 1000})

    assert shop.read(draft.id).total == 1000


def test_deleting_an_item_takes_its_line(shop: Shop) -> None:
    draft = shop.draft(100, 200)
    item = draft.lines.data[0].parent.invoice_item_details.invoice_item

    shop.client.invoice_items.delete(item)

    assert [line.amount for line in shop.lines(draft.id)] == [200]


def test_items_of_a_finalized_invoice_are_frozen(shop: Shop) -> None:
    opened = shop.opened(5000)
    item = opened.lines.data[0].parent.invoice_item_details.invoice_item

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.client.invoice_items.update(item, {"amount": 1})

    assert refusal.value.code == "invoice_not_editable"


def test_a_price_in_another_currency_is_refused(shop: Shop) -> None:
    priced = {"price_data": {"currency": "eur", "unit_amount": 100}}

    with pytest.raises(stripe.InvalidRequestError, match="in usd"):
        shop.client.invoices.add_lines(shop.draft().id, {"lines": [priced]})


def test_a_line_named_twice_in_one_call_is_refused(shop: Shop) -> None:
    draft = shop.draft(100)
    change = {"id": draft.lines.data[0].id, "amount": 1}

    with pytest.raises(stripe.InvalidRequestError, match="twice"):
        shop.client.invoices.update_lines(draft.id, {"lines": [change, change]})
