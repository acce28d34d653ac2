"""Edit invoice: the revision replaces the original, and the balance follows."""

import pytest
import stripe

from tests.simulator.shop import Shop


def revise(shop: Shop, invoice_id: str) -> stripe.Invoice:
    """Return a draft that is to replace the invoice."""
    wanted = {"from_invoice": {"action": "revision", "invoice": invoice_id}}
    return shop.client.invoices.create(wanted)


def test_a_revision_is_a_draft_with_the_same_lines(shop: Shop) -> None:
    opened = shop.opened(3000, 2000, metadata={"invoice": "7"})
    draft = revise(shop, opened.id)
    assert (draft.status, draft.total, draft.number) == ("draft", 5000, None)
    assert (draft.from_invoice.action, draft.from_invoice.invoice) == ("revision", opened.id)
    assert draft.metadata["invoice"] == "7"
    lines = {line.id for line in shop.lines(draft.id)}
    assert lines.isdisjoint({line.id for line in shop.lines(opened.id)})
    assert shop.read(opened.id).status == "open"


def test_finalized_it_voids_what_it_replaces(shop: Shop) -> None:
    opened = shop.opened(5000)
    revision = shop.client.invoices.finalize_invoice(revise(shop, opened.id).id)
    original = shop.read(opened.id)
    assert (original.status, original.latest_revision) == ("void", revision.id)
    assert (revision.status, revision.latest_revision) == ("open", None)
    assert "invoice.voided" in shop.event_types()


def test_the_balance_is_given_back_and_used_again(shop: Shop) -> None:
    customer = shop.customer(balance=-1000)
    opened = shop.opened(5000, customer=customer.id)
    revision = shop.client.invoices.finalize_invoice(revise(shop, opened.id).id)
    assert (revision.starting_balance, revision.amount_due) == (-1000, 4000)
    assert kinds(shop, customer.id) == [
        ("applied_to_invoice", 1000),
        ("unapplied_from_invoice", -1000),
        ("applied_to_invoice", 1000),
    ]


def test_a_paid_invoice_is_not_revised(shop: Shop) -> None:
    opened = shop.opened(5000)
    shop.client.invoices.pay(opened.id)
    with pytest.raises(stripe.InvalidRequestError, match="can be revised"):
        revise(shop, opened.id)


def test_paid_meanwhile_it_is_not_replaced_any_more(shop: Shop) -> None:
    opened = shop.opened(5000)
    draft = revise(shop, opened.id)
    shop.client.invoices.pay(opened.id)
    with pytest.raises(stripe.InvalidRequestError, match="can be revised"):
        shop.client.invoices.finalize_invoice(draft.id)
    assert shop.read(opened.id).status == "paid"


def test_what_is_too_small_to_charge_is_asked_for_with_the_next(shop: Shop) -> None:
    customer = shop.customer()
    small = shop.opened(30, customer=customer.id)
    assert (small.status, small.amount_due, small.ending_balance) == ("paid", 0, 30)
    following = shop.opened(500, customer=customer.id)
    assert (following.starting_balance, following.ending_balance) == (30, 0)
    assert following.amount_due == 530
    assert kinds(shop, customer.id) == [("applied_to_invoice", -30), ("invoice_too_small", 30)]


def kinds(shop: Shop, customer_id: str) -> list[tuple[str, int]]:
    """Return what moved the balance, newest first, without what a person set."""
    found = shop.client.customers.balance_transactions.list(customer_id, {"limit": 100}).data
    return [(one.type, one.amount) for one in found if one.type != "adjustment"]


def test_a_subscriptions_invoice_is_not_revised(shop: Shop) -> None:
    monthly = {"currency": "usd", "product": "prod_1", "unit_amount": 5000}
    price = {"price_data": {**monthly, "recurring": {"interval": "month"}}}
    customer = shop.customer(card=None).id
    made = shop.client.subscriptions.create({"customer": customer, "items": [price]})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be revised"):
        revise(shop, str(made.latest_invoice))
