"""A day's closes rehearsed, on its page: shown, asked for, and who may."""

from datetime import UTC, timedelta

from flask.testing import FlaskClient

from dashboard.clock import utc_now
from dashboard.transaction import transaction
from jobs.rehearsals import rehearse_now
from tests.pages import page, post, text_of
from tests.support.billing import make_bill, put

DAY = (utc_now() + timedelta(days=3)).astimezone(UTC).date()


def test_its_page_shows_it_and_asks_for_it(support: FlaskClient, redis: object) -> None:
    assert "Nothing was rehearsed yet" in text_of(page(support.get("/close/rehearsals")))
    one = make_bill("globex", days_left=3)
    put(one, a=4000)
    with transaction():
        one.parked_at, one.parked_code, one.parked_reason = utc_now(), "stuck", "<b>Because."
    answer = post(support, "/close/rehearsals", day=DAY.isoformat())
    assert answer.status_code == 303
    rehearse_now()
    words = " ".join(text_of(page(support.get(answer.location))).split())
    assert "Would be held 1" in words
    assert "<b>Because." in words
    assert post(support, "/close/rehearsals", day="soon").status_code == 422
    assert support.get("/close/rehearsals/99999").status_code == 404


def test_a_customer_sees_none_of_it(customer: FlaskClient) -> None:
    assert customer.get("/close/rehearsals").status_code == 403
    assert post(customer, "/close/rehearsals", day=DAY.isoformat()).status_code == 403
