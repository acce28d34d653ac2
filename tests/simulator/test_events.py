"""GET /v1/events: filters and paging, as the back-fill uses them."""

import time

import pytest
import stripe

from tests.simulator.shop import Shop
from tests.support.simulator import SimulatorControl


def test_events_are_filtered_by_several_types(shop: Shop) -> None:
    shop.opened(5000)

    events = shop.client.events.list({"types": ["invoice.created", "invoice.finalized"]}).data

    assert [event.type for event in events] == ["invoice.finalized", "invoice.created"]


def test_a_star_stands_for_a_group(shop: Shop) -> None:
    shop.draft()

    events = shop.client.events.list({"type": "customer.*"}).data

    assert {event.type for event in events} == {"customer.created"}


def test_events_are_filtered_by_time(shop: Shop, simulator: SimulatorControl) -> None:
    shop.customer(None)
    simulator.advance(3600)
    since = int(time.time()) + 1800
    later = shop.customer(None)

    events = shop.client.events.list({"created": {"gte": since}}).data

    assert [event.data.object.id for event in events] == [later.id]


def test_reading_backwards_from_the_last_one_seen_gives_what_came_after(shop: Shop) -> None:
    shop.customer(None)
    seen = shop.client.events.list({"limit": 1}).data[0]
    made = [shop.customer(None).id for _ in range(3)]

    events = shop.client.events.list({"ending_before": seen.id, "limit": 2})

    # Stripe's client turns such a page round: oldest first, ready for auto-paging.
    assert [event.data.object.id for event in events.auto_paging_iter()] == made


def test_events_are_paged_without_gap(shop: Shop) -> None:
    made = [shop.customer(None).id for _ in range(5)]

    pages = shop.client.events.list({"limit": 2}).auto_paging_iter()

    assert [event.data.object.id for event in pages] == made[::-1]


def test_events_older_than_thirty_days_are_not_listed(
    shop: Shop, simulator: SimulatorControl
) -> None:
    shop.customer(None)

    simulator.advance(31 * 86400)

    assert shop.client.events.list().data == []


def test_without_an_endpoint_everything_counts_as_delivered(shop: Shop) -> None:
    shop.customer(None)

    assert shop.client.events.list({"delivery_success": False}).data == []


def test_more_than_twenty_types_are_refused(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.events.list({"types": [f"invoice.{index}" for index in range(21)]})


def test_an_event_shows_the_object_as_it_was(shop: Shop) -> None:
    draft = shop.draft()
    shop.add(draft.id, 100)
    shop.add(draft.id, 200)

    first = shop.client.events.list({"type": "invoice.updated"}).data[1]

    assert shop.client.events.retrieve(first.id).data.object.total == 100


def test_what_stripe_does_by_itself_has_no_request(shop: Shop, simulator: SimulatorControl) -> None:
    shop.draft(5000, auto_advance=True)
    simulator.advance(3600)

    event = shop.client.events.list({"type": "invoice.finalized"}).data[0]

    assert (event.request.id, event.request.idempotency_key) == (None, None)
