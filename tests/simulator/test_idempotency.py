"""Idempotency keys beyond what the conformance suite asks: in flight, failed, expired."""

import threading

import pytest
import stripe

from tests.simulator.shop import Shop
from tests.support.simulator import SimulatorControl

KEY = {"idempotency_key": "sync-1-1"}
DAY = 86400


def _add(shop: Shop, invoice_id: str, amount: int = 100) -> stripe.Invoice:
    return shop.client.invoices.add_lines(invoice_id, {"lines": [{"amount": amount}]}, KEY)


def test_a_replay_is_marked_and_changes_nothing(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft()
    _add(shop, draft.id)

    again = _add(shop, draft.id)

    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(shop.lines(draft.id)) == 1
    assert [call["replayed"] for call in simulator.calls() if "add_lines" in call["path"]] == [
        False,
        True,
    ]


def test_a_key_in_flight_answers_409(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft()
    simulator.fault("hold_during", path="add_lines", times=1)
    first = threading.Thread(target=_add, args=(shop, draft.id))
    first.start()
    held = simulator.wait_for_hold()

    with pytest.raises(stripe.APIError) as refusal:
        _add(shop, draft.id)

    assert refusal.value.http_status == 409
    assert refusal.value.error.code == "idempotency_key_in_use"
    simulator.post(f"holds/{held['id']}/release")
    first.join()
    assert _add(shop, draft.id).total == 100


def test_a_failure_after_executing_is_replayed_too(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft()
    simulator.fault("error_after", path="add_lines", times=1)

    for _ in range(2):
        with pytest.raises(stripe.APIError) as failure:
            _add(shop, draft.id)
        assert failure.value.http_status == 500

    assert [line.amount for line in shop.lines(draft.id)] == [100]


@pytest.mark.parametrize("kind", ["error_before", "rate_limit", "lock_timeout", "drop_before"])
def test_what_never_began_leaves_the_key_free(
    shop: Shop, simulator: SimulatorControl, kind: str
) -> None:
    draft = shop.draft()
    simulator.fault(kind, path="add_lines", times=1)

    with pytest.raises(stripe.StripeError):
        _add(shop, draft.id)

    assert "Idempotent-Replayed" not in _add(shop, draft.id).last_response.headers
    assert len(shop.lines(draft.id)) == 1


def test_a_refusal_by_the_objects_state_is_replayed(shop: Shop) -> None:
    opened = shop.opened(5000)

    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            _add(shop, opened.id)

    assert refusal.value.headers["Idempotent-Replayed"] == "true"


def test_a_key_of_yesterday_runs_again_and_duplicates(
    shop: Shop, simulator: SimulatorControl
) -> None:
    draft = shop.draft()
    _add(shop, draft.id)

    simulator.advance(23 * 3600)
    _add(shop, draft.id)
    assert len(shop.lines(draft.id)) == 1
    simulator.advance(3600)
    _add(shop, draft.id)

    assert len(shop.lines(draft.id)) == 2


def test_the_order_of_parameters_does_not_matter(shop: Shop) -> None:
    customer = shop.customer().id
    first = shop.client.invoices.create({"customer": customer, "currency": "usd"}, KEY)

    again = shop.client.invoices.create({"currency": "usd", "customer": customer}, KEY)

    assert again.id == first.id


def test_an_overlong_key_is_refused(shop: Shop) -> None:
    with pytest.raises(stripe.StripeError, match="255"):
        shop.client.customers.create({}, {"idempotency_key": "k" * 256})
