"""The page of a restore: held or not, what is apart, and who may release."""

from datetime import timedelta

from flask import Flask
from redis import Redis
from sqlalchemy import select

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.restores.held import is_held
from dashboard.restores.mark_row import this_mark
from dashboard.restores.models import Restore, RestoreFinding
from dashboard.restores.notice import COMPARING, notice
from dashboard.transaction import transaction
from jobs.watch import look_for_needs
from tests.pages import page, post, text_of
from tests.people import People, signed_in


def held(*, kind: str = "lost_invoice", is_read: bool = True) -> int:
    """Hold the ledger, with a difference of that kind; return the restore's id."""
    now = utc_now()
    with transaction():
        this_mark()
        restore = notice("asked", "It was restored.", since=now - timedelta(minutes=10), now=now)
        restore.looked_at = now if is_read else None
        db.session.add(
            RestoreFinding(
                restore_id=restore.id, kind=kind, stripe_id="in_1", told="Stripe has <b>in_1</b>.",
                found_at=now,
            )
        )  # fmt: skip
        return restore.id


def finding() -> RestoreFinding:
    db.session.expire_all()
    return db.session.scalars(select(RestoreFinding)).one()


def test_where_nothing_was_restored_it_says_so(app: Flask, people: People) -> None:
    soup = page(signed_in(app, people.support).get("/restores"))
    assert "The ledger is not held" in text_of(soup)
    assert not soup.main.find("form")


def test_it_is_named_put_right_and_released_with_a_reason(app: Flask, people: People) -> None:
    number = held()
    admin = signed_in(app, people.admin)
    soup = page(admin.get("/restores"))
    assert "The ledger is held" in text_of(soup)
    assert "Stripe has <b>in_1</b>." in text_of(soup)
    assert "Void it at Stripe" in text_of(soup)
    refused = post(admin, f"/restores/{number}/releases")
    assert refused.status_code == 409
    assert "1 difference is not put right" in text_of(page(refused, 409))
    assert is_held()
    long = post(admin, f"/restores/{number}/releases", reason="x" * 1001)
    assert long.status_code == 422
    assert post(admin, f"/restores/{number}/releases", reason="Voided.").status_code == 303
    assert not is_held()
    assert "Voided." in text_of(page(admin.get("/restores")))
    again = post(admin, f"/restores/{number}/releases", reason="Voided.")
    assert again.status_code == 409
    assert post(admin, "/restores/987654/releases").status_code == 404


def test_a_repair_is_asked_for_once(app: Flask, people: People) -> None:
    held(kind="lost_draft")
    admin, number = signed_in(app, people.admin), finding().id
    for _ in range(2):
        assert post(admin, f"/restores/findings/{number}/repairs").status_code == 303
    assert finding().asked_at is not None
    assert "It is being done" in text_of(page(admin.get("/restores")))
    assert post(admin, "/restores/findings/987654/repairs").status_code == 404


def test_what_is_not_put_right_here_cannot_be_asked_for(app: Flask, people: People) -> None:
    held()
    admin = signed_in(app, people.admin)
    assert post(admin, f"/restores/findings/{finding().id}/repairs").status_code == 409


def test_a_look_begins_anew(app: Flask, people: People) -> None:
    held()
    admin = signed_in(app, people.admin)
    assert post(admin, "/restores/looks").status_code == 303
    assert db.session.scalar(select(RestoreFinding)) is None
    assert db.session.scalars(select(Restore)).one().looked_at is None


def test_support_sees_it_and_changes_nothing(app: Flask, people: People) -> None:
    number = held(kind="lost_draft")
    support = signed_in(app, people.support)
    soup = page(support.get("/restores"))
    assert "The ledger is held" in text_of(soup)
    assert not soup.main.find("form")
    assert post(support, f"/restores/{number}/releases", reason="R").status_code == 403
    assert post(support, f"/restores/findings/{finding().id}/repairs").status_code == 403
    assert is_held()


def test_a_comparison_says_so_and_an_admin_ends_it(app: Flask, people: People) -> None:
    with transaction():
        mark = this_mark()
        mark.held_at, mark.held_why, mark.is_comparing = utc_now(), COMPARING, True
    support = page(signed_in(app, people.support).get("/restores"))
    assert "compared with Stripe" in text_of(support)
    assert "restored" not in text_of(support.main)
    assert not support.main.find("form")
    admin = signed_in(app, people.admin)
    assert "End the comparison" in text_of(page(admin.get("/restores")))
    assert post(admin, "/restores/comparisons/ends").status_code == 409
    assert post(admin, "/restores/comparisons/ends", reason="A restart.").status_code == 303
    assert not is_held()
    assert "The ledger is not held" in text_of(page(admin.get("/restores")))
    assert post(admin, "/restores/comparisons/ends", reason="A restart.").status_code == 409


def test_staff_read_on_every_page_that_nothing_is_issued(
    app: Flask, people: People, redis: Redis
) -> None:
    held()
    look_for_needs()
    for staff in (people.admin, people.support):
        soup = page(signed_in(app, staff).get("/glossary"))
        assert "The ledger is held" in text_of(soup)
        assert soup.main.find("a", href="/restores")
    customer = signed_in(app, people.customer).get("/glossary")
    assert "The ledger is held" not in text_of(page(customer))
    # The page of the restore says it once.
    soup = page(signed_in(app, people.admin).get("/restores"))
    assert text_of(soup).count("The ledger is held") == 1


def test_where_nothing_is_held_no_page_says_so(app: Flask, people: People, redis: Redis) -> None:
    look_for_needs()
    assert "held" not in text_of(page(signed_in(app, people.admin).get("/glossary")))
