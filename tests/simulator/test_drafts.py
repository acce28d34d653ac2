"""A draft's terms and its schedule, on a clock that tests move."""

import time

import pytest
import stripe

from tests.simulator.shop import Shop
from tests.support.simulator import SimulatorControl

HOUR = 3600


def _in(seconds: int) -> int:
    return int(time.time()) + seconds


def test_a_scheduled_draft_is_finalized_at_its_time(
    shop: Shop, simulator: SimulatorControl
) -> None:
    draft = shop.draft(5000, auto_advance=True, automatically_finalizes_at=_in(72 * HOUR))

    simulator.advance(71 * HOUR)
    assert shop.read(draft.id).status == "draft"
    simulator.advance(1 * HOUR)

    finalized = shop.read(draft.id)
    assert finalized.status in ("open", "paid")
    at = finalized.status_transitions.finalized_at
    assert at == draft.automatically_finalizes_at


def test_auto_advance_alone_finalizes_within_the_hour(
    shop: Shop, simulator: SimulatorControl
) -> None:
    draft = shop.draft(5000, auto_advance=True)

    simulator.advance(HOUR)

    assert shop.read(draft.id).status != "draft"


def test_a_schedule_without_auto_advance_never_fires(
    shop: Shop, simulator: SimulatorControl
) -> None:
    draft = shop.draft(5000, auto_advance=False, automatically_finalizes_at=_in(HOUR))

    simulator.advance(48 * HOUR)

    assert shop.read(draft.id).status == "draft"


def test_switching_auto_advance_off_holds_the_draft(
    shop: Shop, simulator: SimulatorControl
) -> None:
    draft = shop.draft(5000, auto_advance=True, automatically_finalizes_at=_in(HOUR))

    held = shop.client.invoices.update(draft.id, {"auto_advance": False})
    simulator.advance(48 * HOUR)

    assert held.automatically_finalizes_at is None
    assert shop.read(draft.id).status == "draft"


def test_switching_it_on_again_without_a_time_starts_the_hour(shop: Shop) -> None:
    draft = shop.draft(5000, auto_advance=True, automatically_finalizes_at=_in(72 * HOUR))
    shop.client.invoices.update(draft.id, {"auto_advance": False})

    again = shop.client.invoices.update(draft.id, {"auto_advance": True})

    assert again.automatically_finalizes_at <= _in(HOUR)


def test_a_moved_schedule_fires_at_the_new_time_only(
    shop: Shop, simulator: SimulatorControl
) -> None:
    draft = shop.draft(5000, auto_advance=True, automatically_finalizes_at=_in(HOUR))

    shop.client.invoices.update(draft.id, {"automatically_finalizes_at": _in(10 * HOUR)})
    simulator.advance(2 * HOUR)
    assert shop.read(draft.id).status == "draft"
    simulator.advance(9 * HOUR)

    assert shop.read(draft.id).status != "draft"


def test_a_schedule_in_the_past_is_refused(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="in the future"):
        shop.draft(auto_advance=True, automatically_finalizes_at=_in(-60))


def test_a_scheduled_draft_without_lines_stays_one_and_says_why(
    shop: Shop, simulator: SimulatorControl
) -> None:
    draft = shop.draft(auto_advance=True)

    simulator.advance(2 * HOUR)

    read = shop.read(draft.id)
    assert read.status == "draft"
    assert read.last_finalization_error.code == "invoice_no_customer_line_items"
    assert "invoice.finalization_failed" in shop.event_types()


def test_a_deleted_draft_is_not_finalized_later(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft(5000, auto_advance=True)

    shop.client.invoices.delete(draft.id)
    simulator.advance(2 * HOUR)

    assert "invoice.finalized" not in shop.event_types()


def test_metadata_is_merged_and_unset(shop: Shop) -> None:
    draft = shop.draft(metadata={"invoice": "7", "old": "x"})

    changed = shop.client.invoices.update(draft.id, {"metadata": {"old": "", "new": "y"}})

    assert changed.metadata.to_dict() == {"invoice": "7", "new": "y"}


@pytest.mark.parametrize("metadata", [{"k" * 41: "v"}, {"k": "v" * 501}])
def test_metadata_out_of_bounds_is_refused(shop: Shop, metadata: dict[str, str]) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.draft(metadata=metadata)


def test_an_update_tells_what_was_there_before(shop: Shop) -> None:
    draft = shop.draft(metadata={"invoice": "7"})

    shop.client.invoices.update(draft.id, {"description": "May", "metadata": {"run": "1"}})

    event = shop.client.events.list({"type": "invoice.updated"}).data[0]
    assert event.data.previous_attributes.to_dict() == {
        "description": None,
        "metadata": {"run": None},
    }


def test_days_until_due_need_an_invoice_that_is_sent(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="send_invoice"):
        shop.draft(days_until_due=30)


def test_pending_items_are_swept_in_newest_first_only_when_asked(shop: Shop) -> None:
    customer = shop.customer().id
    for amount in (100, 200):
        shop.client.invoice_items.create(
            {"customer": customer, "amount": amount, "currency": "usd"}
        )

    without = shop.draft(customer=customer)
    swept = shop.draft(customer=customer, pending_invoice_items_behavior="include")

    assert without.total == 0
    assert [line.amount for line in swept.lines.data] == [200, 100]


def test_deleting_a_draft_gives_swept_items_back_to_the_pool(shop: Shop) -> None:
    customer = shop.customer().id
    item = shop.client.invoice_items.create(
        {"customer": customer, "amount": 100, "currency": "usd"}
    )
    swept = shop.draft(customer=customer, pending_invoice_items_behavior="include")

    shop.client.invoices.delete(swept.id)

    assert shop.client.invoice_items.retrieve(item.id).invoice is None
