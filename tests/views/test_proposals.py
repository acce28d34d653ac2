"""Four eyes as its pages do them: proposed, shown with what it does, approved by another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.accounts.models import User
from dashboard.approvals.models import Proposal
from dashboard.billing.models import Adjustment
from dashboard.billing.reverse import reverse_adjustment
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from jobs.watch import look_for_needs
from tests.factories import SUPPORT
from tests.pages import page, post, text_of
from tests.people import People, signed_in
from tests.support.needs import sentences
from tests.support.proposing import PATH, PROPOSALS, add, approve, total


@pytest.fixture(autouse=True)
def _limit(limit_of_200: None) -> None:
    """Above $200.00 a second person approves."""


def test_below_the_limit_it_is_done_at_once(
    support: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    before = total(acme, db)
    assert add(support, "200.00") == "/organizations/acme"
    assert total(acme, db) == before - 20_000


def test_above_it_another_person_approves_what_they_see(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    before = total(acme, db)
    where = add(support)
    assert total(acme, db) == before
    own = page(support.get(where))
    assert "a second person decides on it" in text_of(own)
    assert own.find("form", action=f"{where}/approvals") is None
    assert "The bill shrinks by $250.00" in text_of(page(admin.get(where)))
    approve(admin, where)
    assert total(acme, db) == before - 25_000
    assert "Approved by admin@example.com" in text_of(page(admin.get(where)))
    timeline = text_of(page(support.get("/organizations/acme/timeline?kind=money")))
    assert "Credit of $250.00 approved" in timeline
    assert "Credit of $250.00 proposed" in timeline


def test_the_form_says_that_it_only_proposes(support: FlaskClient) -> None:
    shown = page(post(support, PATH, direction="credit", amount="250", description="x",
                      reason="y", key="k"))  # fmt: skip
    assert "Above $200.00, a second person approves." in text_of(shown)
    assert shown.find("button", string="Propose to credit $250.00")


def test_small_parts_are_large_together(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    before = total(acme, db)
    assert add(support, "150.00") == "/organizations/acme"
    shown = page(post(support, PATH, direction="credit", amount="50.01", description="x",
                      reason="y", key="k"))  # fmt: skip
    assert "You moved $150.00 here in the last 24 hours. Together that is above $200.00" in (
        text_of(shown)
    )
    assert shown.find("button", string="Propose to credit $50.01")
    assert add(support, "50.00") == "/organizations/acme"
    assert add(support, "0.01", "charge").startswith(PROPOSALS)
    assert total(acme, db) == before - 20_000
    # Another person has a limit of their own.
    assert add(admin, "200.00") == "/organizations/acme"


def test_a_form_sent_again_after_the_limit_is_reached_is_answered_as_it_was(
    support: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    before = total(acme, db)
    sent = {
        "direction": "credit", "amount": "150", "description": "Goodwill", "reason": "Outage",
        "key": "once", "confirmed": "-15000",
    }  # fmt: skip
    for _ in range(2):
        assert post(support, PATH, **sent).location == "/organizations/acme"
    assert total(acme, db) == before - 15_000
    assert not db.session.scalars(select(Proposal)).all()


def test_two_acts_at_once_do_not_both_slip_under_the_limit(
    app: Flask, people: People, acme: Organization, db: SQLAlchemy
) -> None:
    before, both = total(acme, db), Barrier(2)
    browsers = [signed_in(app, people.support) for _ in range(2)]

    def credit(number: int) -> int:
        sent = {"direction": "credit", "amount": "150", "description": "Goodwill",
                "reason": "Outage", "key": f"key-{number}", "confirmed": "-15000"}  # fmt: skip
        both.wait(30)
        return post(browsers[number], PATH, **sent).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(credit, range(2)))
    # The second is proposed, or told to be sent again where it looked before the first was done.
    assert answers in ([303, 303], [303, 409])
    assert total(acme, db) == before - 15_000


def test_undoing_ones_own_act_takes_no_second_person(
    support: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    before = total(acme, db)
    add(support, "150.00")
    made = db.session.scalars(select(Adjustment).order_by(Adjustment.id.desc())).first()
    post(support, f"{PATH}/{made.id}/reversals", reason="Wrong")
    assert total(acme, db) == before
    assert add(support, "200.00") == "/organizations/acme"


def test_who_proposed_it_is_refused_even_with_a_form_of_their_own(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    before, where = total(acme, db), add(support)
    seen = page(admin.get(where)).find(id="seen")["value"]
    assert post(support, f"{where}/approvals", seen=seen).status_code == 403
    assert post(support, f"{where}/refusals", answer="No").status_code == 403
    assert post(admin, f"{where}/withdrawals").status_code == 403
    assert total(acme, db) == before


def test_what_changed_meanwhile_is_shown_again(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    where = add(support)
    seen = page(admin.get(where)).find(id="seen")["value"]
    add(support, "100.00")
    before = total(acme, db)
    answer = post(admin, f"{where}/approvals", seen=seen)
    assert answer.status_code == 409
    assert "Since then another charge or credit was added to the invoice: −$100.00" in text_of(
        answer
    )
    assert total(acme, db) == before
    approve(admin, where)
    assert total(acme, db) == before - 25_000


def test_it_is_refused_with_a_reason_or_withdrawn(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    before = total(acme, db)
    where = add(support)
    assert post(admin, f"{where}/refusals", answer="").status_code == 422
    assert post(admin, f"{where}/refusals", answer="Half of it").status_code == 303
    assert "Half of it" in text_of(page(support.get(where)))
    other = add(support)
    assert post(support, f"{other}/withdrawals").status_code == 303
    listed = text_of(page(support.get(PROPOSALS)))
    assert "Refused" in listed
    assert "Withdrawn" in listed
    assert total(acme, db) == before


def test_it_needs_a_person_until_it_is_decided(
    support: FlaskClient, admin: FlaskClient, acme: Organization
) -> None:
    where = add(support)
    [said] = [one for one in sentences() if one.startswith("Approval")]
    assert "support@example.com proposed a credit: “Goodwill”" in said
    assert "waits for a second person" in text_of(page(admin.get(PATH)))
    approve(admin, where)
    assert not [one for one in sentences() if one.startswith("Approval")]


def test_a_customer_sees_nothing_of_it(
    support: FlaskClient, customer: FlaskClient, acme: Organization
) -> None:
    where = add(support)
    assert customer.get(where).status_code == 403
    assert customer.get(PROPOSALS).status_code == 403
    assert "second person" not in text_of(page(customer.get(PATH)))
    assert "proposed" not in text_of(page(customer.get("/organizations/acme/timeline")))


def test_another_organizations_address_does_not_reach_it(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    where = add(support)
    seen = page(admin.get(where)).find(id="seen")["value"]
    elsewhere = where.replace("acme", "other")
    assert admin.get(elsewhere).status_code == 404
    assert post(admin, f"{elsewhere}/approvals", seen=seen).status_code == 404
    assert db.session.scalars(select(Proposal.state)).one() == "waits"


def test_who_views_as_the_customer_decides_on_nothing(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    where, before = add(support), total(acme, db)
    seen = page(admin.get(where)).find(id="seen")["value"]
    own = add(admin)
    for browser in (admin, support):
        assert post(browser, "/organizations/acme/views").status_code == 303
    assert admin.get(where).status_code == 403
    assert post(admin, f"{where}/approvals", seen=seen).status_code == 403
    assert post(admin, f"{where}/refusals", answer="No").status_code == 403
    assert post(admin, f"{own}/withdrawals").status_code == 403
    assert "second person" not in text_of(page(admin.get(PATH)))
    assert (total(acme, db), set(db.session.scalars(select(Proposal.state)))) == (before, {"waits"})


def test_what_a_person_proposed_who_left_is_only_refused(
    support: FlaskClient, admin: FlaskClient, people: People, db: SQLAlchemy
) -> None:
    where = add(support)
    seen = page(admin.get(where)).find(id="seen")["value"]
    with transaction():
        db.session.get_one(User, people.support).is_active = False
    shown = page(admin.get(where))
    assert "support@example.com can no longer move money here" in text_of(shown)
    assert shown.find("form", action=f"{where}/approvals") is None
    assert post(admin, f"{where}/approvals", seen=seen).status_code == 409
    assert post(admin, f"{where}/refusals", answer="Left").status_code == 303


def test_without_a_decision_it_expires_and_needs_no_person_any_longer(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    where, before = add(support), total(acme, db)
    with transaction():
        db.session.scalars(select(Proposal)).one().ends_at = utc_now()
    shown = page(admin.get(where))
    assert "Expired" in text_of(shown)
    assert shown.find("form", action=f"{where}/approvals") is None
    look_for_needs()
    assert not [one for one in sentences() if one.startswith("Approval")]
    told = text_of(page(support.get("/organizations/acme/timeline?kind=money")))
    assert "Proposed credit of $250.00 expired" in told
    assert total(acme, db) == before


def test_what_was_settled_otherwise_needs_no_person_and_its_page_says_why(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    approve(admin, add(support, "900", "charge"))
    made = db.session.scalars(select(Adjustment).order_by(Adjustment.id.desc())).first()
    reversals = f"{PATH}/{made.id}/reversals"
    where = post(support, reversals, reason="Sold twice").location
    with transaction():
        reverse_adjustment(
            db.session.get_one(Adjustment, made.id), reason="Wrong", actor=SUPPORT, now=utc_now()
        )
    look_for_needs()
    assert not [one for one in sentences() if one.startswith("Approval")]
    shown = page(admin.get(where))
    words = text_of(shown)
    assert "State No longer possible" in words
    assert f"{SUPPORT.label} reversed it on" in words
    assert shown.find("form", action=f"{where}/refusals") is None
    assert "No longer possible" in text_of(page(admin.get(PROPOSALS)))
    assert "waits for a second person" not in text_of(page(admin.get(PATH)))
    told = text_of(page(support.get("/organizations/acme/timeline?kind=money")))
    assert "Proposed reversal of $900.00 ended without approval" in told


def test_an_approval_without_what_was_seen_approves_nothing(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    where, before = add(support), total(acme, db)
    assert post(admin, f"{where}/approvals").status_code == 422
    answer = post(admin, f"{where}/approvals", seen="x" * 64)
    assert answer.status_code == 409
    assert "Nothing was changed" in text_of(answer)
    assert total(acme, db) == before
