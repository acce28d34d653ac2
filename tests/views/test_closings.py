"""Close of the month: what its page says, its pause and who may, by page, command and API."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.billing.close import seal, seal_now
from dashboard.billing.models import Invoice
from dashboard.billing.policy import current_policy, set_policy
from dashboard.bulk.models import BulkMember
from dashboard.clock import utc_now
from dashboard.closing.held import closings_held
from dashboard.closing.models import ClosingPause
from dashboard.extensions import db
from dashboard.reading.close_progress import close_counts, held_by_reason
from dashboard.sync.request import due_to_finalize
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.support.billing import make_bill

PAGE = "/close"
NOW = utc_now()


def bill(slug: str, status: str, **columns: object) -> Invoice:
    """Return a bill whose cycle is over, in that state."""
    one = make_bill(slug, days_left=-1)
    with transaction():
        one.status, one.total_cents = "sealed" if status == "open" else status, 5000
    with transaction():
        one.status = status
        for name, value in columns.items():
            setattr(one, name, value)
    return one


def on_hold(code: str) -> dict[str, object]:
    return {"parked_at": NOW, "parked_code": code, "parked_reason": "Because."}


def typed(hours: float = 2, reason: str = "A price is wrong.") -> dict[str, str]:
    return {"until": f"{utc_now() + timedelta(hours=hours):%Y-%m-%dT%H:%M}", "reason": reason}


def test_with_nothing_to_close_it_says_so(support: FlaskClient) -> None:
    words = text_of(page(support.get(PAGE)))
    assert "Nothing to close." in words
    assert "No bill is on hold." in words


def test_it_counts_what_is_done_what_is_left_and_what_is_on_hold(support: FlaskClient) -> None:
    bill("a", "sealed")
    bill("b", "closing", seal_after_at=NOW + timedelta(hours=1))
    bill("c", "draft")
    bill("d", "sealed", **on_hold("stuck"))
    bill("e", "open", finalized_at=NOW)
    bill("f", "open", finalized_at=NOW - timedelta(days=2))
    words = text_of(page(support.get(PAGE)))
    assert "5 to close, 1 done, 1 on hold, no end in sight." in words
    assert "No worker is running. Start one." in words
    assert "It could not be closed on schedule. 1" in " ".join(words.split())
    assert "50.00" in words


def test_a_poll_gets_the_part_that_moves(support: FlaskClient) -> None:
    part = support.get(PAGE, headers={"HX-Request": "true"}).text
    assert "Nothing to close." in part
    assert "<html" not in part


def test_support_pauses_and_resumes_with_a_reason_on_record(support: FlaskClient) -> None:
    assert post(support, PAGE + "/pauses", **typed()).status_code == 303
    soup = page(support.get(PAGE))
    assert "Closings are paused until" in text_of(soup)
    assert "A price is wrong." in text_of(soup)
    seen = soup.select_one("[name=seen]")["value"]
    assert post(support, PAGE + "/resumptions", seen=seen).status_code == 303
    assert closings_held(now=utc_now()) is None
    query = select(AuditEntry.action).where(AuditEntry.action.like("closing_pause.%"))
    assert list(db.session.scalars(query.order_by(AuditEntry.id))) == [
        "closing_pause.begun",
        "closing_pause.ended",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        typed(hours=-1),
        typed(hours=9999),
        typed(reason=" "),
        typed(reason="x" * 1001),
        {"until": "soon", "reason": "Because."},
        {"reason": "Because."},
    ],
)
def test_what_cannot_be_a_pause_is_refused_and_kept_in_the_form(
    support: FlaskClient, wrong: dict[str, str]
) -> None:
    assert post(support, PAGE + "/pauses", **wrong).status_code == 422
    assert closings_held(now=utc_now()) is None


def test_a_second_pause_is_refused_and_a_stale_resumption_too(support: FlaskClient) -> None:
    post(support, PAGE + "/pauses", **typed())
    other = typed(hours=5, reason="Another.")
    assert post(support, PAGE + "/pauses", **other).status_code == 409
    assert post(support, PAGE + "/pauses", **other, seen="x" * 40).status_code == 422
    assert post(support, PAGE + "/resumptions", seen="99999").status_code == 409
    assert post(support, PAGE + "/resumptions", seen="x" * 40).status_code == 422
    assert closings_held(now=utc_now()) is not None


def test_a_customer_sees_none_of_it(customer: FlaskClient) -> None:
    assert customer.get(PAGE).status_code == 403
    assert post(customer, PAGE + "/pauses", **typed()).status_code == 403
    assert closings_held(now=utc_now()) is None


def test_the_command_says_it_pauses_and_resumes(app: Flask, db: object) -> None:
    run = app.test_cli_runner().invoke
    assert "Nothing to close." in run(args=["close", "progress"]).output
    paused = run(args=["close", "pause", "--hours", "2", "--reason", "A price is wrong."])
    assert "Closings are paused until" in paused.output
    again = run(args=["close", "pause", "--hours", "3", "--reason", "Another."])
    assert (again.exit_code, "paused already" in again.output) == (1, True)
    assert "Held until" in run(args=["close", "progress"]).output
    assert "not paused" in run(args=["close", "resume"]).output
    assert closings_held(now=utc_now()) is None


def test_all_of_one_reason_are_released_by_a_bulk_action_with_its_preview(
    support: FlaskClient, redis: object
) -> None:
    bad = [bill(slug, "sealed", **on_hold("stuck")) for slug in ("a", "b")]
    bill("c", "sealed", **on_hold("foreign_lines"))
    bill("d", "open", **on_hold("stuck"))
    address = "/bulk-actions/new?verb=release&held_for=stuck"
    assert page(support.get(PAGE)).find("a", href=address)
    form = page(support.get(address))
    words = " ".join(text_of(form).split())
    assert "2 invoices on hold" in words
    assert "It could not be closed on schedule." in words
    sent = {name: form.select_one(f"[name={name}]")["value"] for name in ("query", "confirmed")}
    assert post(support, "/bulk-actions", **sent, reason="It is fixed.").status_code == 303
    members = db.session.scalars(select(BulkMember.subject_id).order_by(BulkMember.subject_id))
    assert list(members) == [one.id for one in bad]


def test_a_reason_that_holds_nothing_offers_nothing(support: FlaskClient) -> None:
    words = text_of(page(support.get("/bulk-actions/new?verb=release&held_for=%3Cb%3Enonsense")))
    assert "Nothing to release" in words
    assert "<b>nonsense" in words


def test_a_pause_is_extended_from_its_page_without_a_gap(support: FlaskClient) -> None:
    post(support, PAGE + "/pauses", **typed())
    form = page(support.get(PAGE)).select_one("form[action$='/pauses']")
    seen = form.select_one("[name=seen]")["value"]
    assert "A price is wrong." in form.text
    longer = typed(hours=9, reason="Still wrong.")
    assert post(support, PAGE + "/pauses", **longer, seen=seen).status_code == 303
    held = closings_held(now=utc_now() + timedelta(hours=8))
    assert held is not None
    assert held.reason == "Still wrong."


def test_what_failed_tries_again_and_waits_for_no_window(support: FlaskClient) -> None:
    bill("a", "sealed", finalize_after_at=utc_now() + timedelta(minutes=9), sync_failures=1)
    counts = close_counts(now=utc_now())
    assert (counts.sealed, counts.trying, counts.spread) == (1, 1, 0)


@pytest.fixture
def three_hours() -> Iterator[None]:
    """Closes spread over three hours."""
    before = current_policy()
    set_policy(replace(before, closing_window_hours=3))
    yield
    set_policy(before)


@pytest.mark.usefixtures("three_hours")
def test_closes_are_spread_over_the_window(support: FlaskClient) -> None:
    bills = [make_bill(f"org-{number}", days_left=1) for number in range(12)]
    end = bills[0].period_end
    sealed_at = end + timedelta(hours=1, seconds=5)
    with transaction():
        for one in bills:
            one.status, one.seal_after_at = "closing", end
    with transaction():
        seal([one.id for one in bills], now=sealed_at)
    turns = {one.finalize_after_at for one in bills}
    assert len(turns) > 6
    late = max(one for one in turns if one)
    assert late < end + timedelta(hours=4)
    assert due_to_finalize(now=late - timedelta(minutes=1), most=99) != []
    assert len(due_to_finalize(now=late, most=99)) == 12
    counts = close_counts(now=sealed_at)
    assert counts.trying == 0
    assert counts.spread == sum(1 for one in bills if one.finalize_after_at)
    words = " ".join(text_of(page(support.get(PAGE))).split())
    assert "Closes are spread over 3 h" in words
    assert "the last of these at" in words


@pytest.mark.usefixtures("three_hours")
def test_what_is_sealed_late_or_rolled_early_does_not_wait_for_the_window(db: object) -> None:
    late, early = make_bill("late", days_left=-1), make_bill("early", days_left=5)
    with transaction():
        late.status, late.seal_after_at = "closing", utc_now()
    with transaction():
        seal([late.id], now=utc_now())
        seal_now(early, now=utc_now())
    assert (late.finalize_after_at, early.finalize_after_at) == (None, None)


def test_on_hold_has_one_number(support: FlaskClient) -> None:
    bill("a", "draft", **on_hold("foreign_lines"))
    current = make_bill("b")
    with transaction():
        for name, value in on_hold("foreign_lines").items():
            setattr(current, name, value)
    now = utc_now()
    assert close_counts(now=now).on_hold == 1
    assert [one.bills for one in held_by_reason(now=now)] == [1]
    words = text_of(page(support.get("/bulk-actions/new?verb=release&held_for=foreign_lines")))
    assert "1 invoice on hold" in " ".join(words.split())


def test_the_pace_is_that_since_the_last_pause(support: FlaskClient) -> None:
    now = utc_now()
    bill("a", "open", finalized_at=now - timedelta(minutes=4))
    with transaction():
        db.session.add(
            ClosingPause(
                reason="Wait.",
                begun_at=now - timedelta(minutes=3),
                begun_by="Ada",
                until_at=now + timedelta(hours=1),
                ended_at=now - timedelta(minutes=1),
                ended_by="Ada",
            )
        )
    assert close_counts(now=now).recent == 0
    assert close_counts(now=now).done == 1
