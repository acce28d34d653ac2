"""Bulk repairs of what is on hold by reason, from the page of the close."""

from flask.testing import FlaskClient

from dashboard.closing.people import APPROVAL_WANTED
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.support.on_hold import on_hold


def test_the_page_previews_what_many_come_to_and_cost(support: FlaskClient, redis: object) -> None:
    bills = [on_hold(f"org-{number}", APPROVAL_WANTED) for number in range(2)]
    on_hold("apart", "total_differs")
    words = " ".join(text_of(page(support.get("/close"))).split())
    assert "Approve all… Release all…" in words
    assert "Read again all…" in words
    new = f"/bulk-actions/new?verb=approve&held_for={APPROVAL_WANTED}"
    words = " ".join(text_of(page(support.get(new))).split())
    assert "Approve 2 bills above the limit" in words
    assert "What they come to $80.00" in words
    assert "About 4" in words
    query = f"verb=approve&held_for={APPROVAL_WANTED}"
    seen = page(support.get(new)).select_one("input[name=seen]")["value"]
    sent = {"query": query, "confirmed": "2", "reason": "Looked at", "seen": seen}
    # One is let go, and another is put on hold meanwhile: as many, and not the same.
    with transaction():
        bills[0].parked_code = "total_differs"
    on_hold("large", APPROVAL_WANTED, cents=500_000_000)
    moved = post(support, "/bulk-actions", **sent)
    again = page(moved, 409)
    assert "Other bills are among them" in text_of(again)
    seen = again.select_one("input[name=seen]")["value"]
    assert post(support, "/bulk-actions", **sent | {"seen": seen}).status_code == 303
    assert support.get("/bulk-actions/new?verb=approve&scope=all").status_code == 422
    wrong = support.get("/bulk-actions/new?verb=approve&held_for=total_differs")
    assert wrong.status_code == 422
