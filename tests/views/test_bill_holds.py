"""A bill that waits for people, on its page, out of a rehearsal and by command; and who may."""

from datetime import UTC, timedelta

from flask import Flask
from flask.testing import FlaskClient

from dashboard.audit.actor import Actor
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.clock import utc_now
from dashboard.closing.limits import limits_in_force, set_limit
from dashboard.closing.people import APPROVAL_WANTED, approvals_of, open_hold
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.transaction import transaction
from jobs.rehearsals import rehearse_now
from tests.pages import page, post, text_of
from tests.support.billing import make_bill, put

ISSUE = "/organizations/globex/invoices/1/issue"
LIMITS = "/close/limits"
DAY = (utc_now() + timedelta(days=3)).astimezone(UTC).date()
ADA = Actor("user", 1, "Ada")


def draft(slug: str = "globex") -> Invoice:
    one = make_bill(slug, days_left=3)
    put(one, a=4000)
    return one


def waiting(slug: str = "globex") -> Invoice:
    """Return a sealed bill of 40.00 that waits for approval."""
    one = make_bill(slug, days_left=-1)
    put(one, a=4000)
    with transaction():
        one.status = "sealed"
    with transaction():
        set_limit(Money(100, "usd"), reason="Large", actor=ADA, now=utc_now())
        put_on_hold(one, APPROVAL_WANTED, "It waits.", now=utc_now())
    return one


def test_support_holds_and_releases_a_draft(support: FlaskClient, redis: object) -> None:
    one = draft()
    assert post(support, ISSUE + "/holds", reason="").status_code == 422
    assert post(support, ISSUE + "/holds", reason="The meter is doubtful").status_code == 303
    held = open_hold(one.id)
    assert held is not None
    assert "The meter is doubtful" in text_of(page(support.get(ISSUE)))
    assert post(support, ISSUE + "/holds", reason="Again").status_code == 303
    assert open_hold(one.id).reason == held.reason
    assert post(support, ISSUE + "/releases", note="").status_code == 303
    assert open_hold(one.id) is None
    assert post(support, ISSUE + "/releases", note="").status_code == 303


def test_support_approves_the_total_that_was_seen(support: FlaskClient, redis: object) -> None:
    one = waiting()
    soup = page(support.get(ISSUE))
    assert "Approve $40.00" in text_of(soup)
    assert post(support, ISSUE + "/approvals", total="39", reason="Seen").status_code == 409
    assert post(support, ISSUE + "/approvals", total="x", reason="Seen").status_code == 409
    total = soup.select_one("[name=total]")["value"]
    assert post(support, ISSUE + "/approvals", total=total, reason="").status_code == 422
    assert approvals_of(one.id) == []
    assert post(support, ISSUE + "/approvals", total=total, reason="Seen").status_code == 303
    assert [row.total_cents for row in approvals_of(one.id)] == [4000]
    db.session.refresh(one)
    assert one.parked_code is None
    assert post(support, ISSUE + "/approvals", total=total, reason="Seen").status_code == 303


def test_an_admin_sets_and_takes_away_limits(admin: FlaskClient, redis: object) -> None:
    draft()
    typed = {"currency": "USD", "amount": "5,000", "organization": "", "reason": "Large bills"}
    assert post(admin, LIMITS, **typed).status_code == 303
    assert (
        post(admin, LIMITS, **typed | {"organization": "globex", "amount": "9"}).status_code == 303
    )
    told = [(limit.cents, whose and whose.slug) for limit, whose in limits_in_force()]
    assert told == [(500_000, None), (900, "globex")]
    for wrong in ({"currency": "xyz"}, {"amount": "-4"}, {"organization": "nowhere"},
                  {"organization": "globex", "currency": "eur"}, {"reason": ""}):  # fmt: skip
        assert post(admin, LIMITS, **typed | wrong).status_code == 422
    [(first, _), _] = limits_in_force()
    removal = f"{LIMITS}/{first.id}/removals"
    assert post(admin, removal, reason="").status_code == 422
    assert post(admin, removal, reason="No need").status_code == 303
    assert post(admin, removal, reason="No need").status_code == 303
    assert len(limits_in_force()) == 1


def test_others_see_and_change_no_limit(
    support: FlaskClient, customer: FlaskClient, redis: object
) -> None:
    draft()
    typed = {"currency": "usd", "amount": "5", "reason": "Large"}
    assert "No limit is set" in text_of(page(support.get(LIMITS)))
    assert post(support, LIMITS, **typed).status_code == 403
    for address in (LIMITS, ISSUE):
        assert customer.get(address).status_code in (403, 404)
    assert post(customer, ISSUE + "/holds", reason="Mine").status_code in (403, 404)


def test_chosen_bills_of_a_rehearsal_are_held_and_released(
    support: FlaskClient, redis: object
) -> None:
    one, other, issued = draft("globex"), draft("initech"), draft("hooli")
    apart = make_bill("umbrella", days_left=9)
    with transaction():
        set_limit(Money(100, "usd"), reason="Large", actor=ADA, now=utc_now())
    found = post(support, "/close/rehearsals", day=DAY.isoformat()).location
    rehearse_now()
    words = " ".join(text_of(page(support.get(found))).split())
    assert "a person approves bills above $1.00" in words
    for status in ("sealed", "open"):
        with transaction():
            issued.status = status
    assert post(support, found + "/holds", reason="Odd").status_code == 422
    chosen = [str(bill.id) for bill in (one, issued, apart)]
    assert post(support, found + "/holds", bill=chosen, reason="").status_code == 422
    assert post(support, found + "/holds", bill=[*chosen, "x"], reason="Odd").status_code == 303
    held = [open_hold(bill.id) is not None for bill in (one, other, issued, apart)]
    assert held == [True, False, False, False]
    words = text_of(page(support.get(found)))
    assert "Held by people" in words
    assert "1 bill was issued before" in " ".join(words.split())
    assert post(support, found + "/releases", bill=[str(one.id)]).status_code == 303
    assert open_hold(one.id) is None


def test_an_operator_sets_a_limit_where_there_is_no_browser(app: Flask, redis: object) -> None:
    run = app.test_cli_runner().invoke
    assert "No limit is set" in run(args=["close", "limits"]).output
    set_ = run(args=["close", "limit", "usd", "5000", "--reason", "Large"])
    assert "Bills above $5,000.00 wait" in set_.output
    assert "all" in run(args=["close", "limits"]).output
    assert run(args=["close", "limit", "usd", "-1", "--reason", "Large"]).exit_code != 0
    run(args=["close", "limit", "usd", "none", "--reason", "No need"])
    assert "No limit is set" in run(args=["close", "limits"]).output
