"""Bulk actions as support begins and watches them, without a script."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select

from dashboard.billing.outcome import put_on_hold
from dashboard.bulk.models import BulkAction
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from jobs.bulk import carry_on_act
from tests.pages import fragment, page, post, text_of
from tests.people import bill_of

REASON = "The price was corrected"


def asked(browser: FlaskClient, query: str) -> dict[str, str]:
    """Return what the form of the page that asks first would send."""
    soup = page(browser.get(f"/bulk-actions/new?{query}"))
    sent = {
        name: soup.select_one(f"input[name={name}]")["value"] for name in ("query", "confirmed")
    }
    return sent | {"reason": REASON}


def begin(browser: FlaskClient, query: str) -> BulkAction:
    """Begin an act as a person does."""
    answer = post(browser, "/bulk-actions", **asked(browser, query))
    assert answer.status_code == 303, text_of(page(answer, answer.status_code))
    return db.session.get_one(BulkAction, int(answer.location.rpartition("/")[2]))


def test_the_list_s_form_leads_to_the_page_that_asks(
    support: FlaskClient, acme: Organization
) -> None:
    soup = page(support.get("/organizations?q=acme&attention=", headers={"HX-Request": "true"}))
    form = soup.select_one("form#picks")
    box = soup.select_one("input[name=id][form=picks]")
    assert form["method"] == "get"
    assert box["value"] == str(acme.id)
    assert [one["value"] for one in form.select("button[name=verb]")] == [
        "sync",
        "verify",
        "release",
    ]
    words = text_of(page(support.get(f"{form['action']}?scope=picked&verb=sync&id={acme.id}")))
    assert "Sync 1 current invoice?" in words
    assert "1 picked organization" in words


def test_it_counts_what_matches_and_begins_exactly_that(support: FlaskClient, redis: Redis) -> None:
    act = begin(support, "scope=all&verb=verify&q=e")
    assert (act.total, act.reason, act.actor_label) == (2, REASON, "support@example.com")
    assert act.wanted["words"] == "all organizations that match “e”"
    carry_on_act(act.id)
    assert {one.trigger for one in db.session.scalars(select(SyncRun))} == {"bulk"}


def test_more_that_match_by_now_are_shown_before_anything_is_begun(
    support: FlaskClient, acme: Organization
) -> None:
    with transaction():
        put_on_hold(bill_of(acme), "differs", "It differs.", now=utc_now())
    sent = asked(support, "scope=all&verb=release")
    assert sent["confirmed"] == "1"
    with transaction():
        other = db.session.scalars(select(Organization).where(Organization.slug == "other")).one()
        put_on_hold(bill_of(other), "differs", "It differs.", now=utc_now())
    answer = post(support, "/bulk-actions", **sent)
    soup = page(answer, 409)
    assert "There are now 2, and you confirmed 1" in text_of(soup)
    assert "Release 2 invoices on hold" in text_of(soup)
    assert db.session.scalars(select(BulkAction)).all() == []


def test_without_a_reason_nothing_is_begun(support: FlaskClient, acme: Organization) -> None:
    sent = asked(support, f"scope=picked&verb=sync&id={acme.id}") | {"reason": " "}
    answer = post(support, "/bulk-actions", **sent)
    assert "Enter a reason. It is kept in the audit trail." in text_of(page(answer, 422))
    assert db.session.scalars(select(BulkAction)).all() == []


@pytest.mark.parametrize(
    "query", ["verb=sync&scope=picked", "verb=release&scope=all", "verb=replay"]
)
def test_nothing_to_do_says_so_and_leads_back(support: FlaskClient, query: str) -> None:
    soup = page(support.get(f"/bulk-actions/new?{query}"))
    assert "Nothing to" in text_of(soup)
    link = next(one for one in soup.select("a.btn") if one.get_text() == "Back to the list")
    page(support.get(link["href"]))


def test_where_no_box_was_checked_it_says_what_to_do(
    support: FlaskClient, acme: Organization
) -> None:
    text = text_of(page(support.get("/bulk-actions/new?verb=verify&scope=picked")))
    assert "No row is picked. Check the boxes of the rows" in text
    none = text_of(page(support.get(f"/bulk-actions/new?verb=release&scope=picked&id={acme.id}")))
    assert "You chose 1 picked organization. None of them" in none


def test_an_unknown_verb_starts_nothing(support: FlaskClient) -> None:
    assert "no such bulk action" in text_of(page(support.get("/bulk-actions/new?verb=delete"), 422))


def test_a_filter_that_cannot_be_read_begins_nothing(support: FlaskClient) -> None:
    answer = support.get("/bulk-actions/new?verb=replay&scope=all&first=yesterday")
    assert "The filter cannot be read: From. Nothing was started." in text_of(page(answer, 422))


@pytest.mark.parametrize("query", ["verb=sync&scope=all&q=%00", "id=1&" * 60 + "verb=sync"])
def test_a_form_that_is_no_page_s_of_ours_begins_nothing(support: FlaskClient, query: str) -> None:
    answer = post(support, "/bulk-actions", query=query, confirmed="1", reason=REASON)
    assert "Part of the form is missing" in text_of(page(answer, 422))


def test_customers_have_no_bulk_actions(customer: FlaskClient) -> None:
    for path in ("/bulk-actions", "/bulk-actions/new?verb=sync"):
        assert customer.get(path).status_code == 403


def test_its_page_asks_for_itself_until_it_is_over(support: FlaskClient, redis: Redis) -> None:
    act = begin(support, "scope=all&verb=sync")
    soup = page(support.get(f"/bulk-actions/{act.id}"))
    region = soup.select_one(f"#act-{act.id}")
    assert "0 of 2 finished: 0 done, 0 failed. 2 have not started yet." in text_of(region)
    live = {"HX-Request": "true"}
    first = support.get(region["hx-get"], headers=live)
    tag = first.headers["HX-PTag"]
    assert support.get(region["hx-get"], headers={**live, "HX-PTag": tag}).status_code == 304
    carry_on_act(act.id)
    with transaction():
        for run, error in zip(db.session.scalars(select(SyncRun)), (None, "No card."), strict=True):
            run.state, run.error = ("failed", error) if error else ("succeeded", None)
    carry_on_act(act.id)
    last = fragment(support.get(region["hx-get"], headers={**live, "HX-PTag": tag}))
    assert "2 of 2 finished: 1 done, 1 failed." in text_of(last)
    assert last.select_one(f"#act-{act.id}").get("hx-get") is None
    assert "No card." in text_of(last)


def test_what_failed_is_tried_again_by_an_act_of_its_own(
    support: FlaskClient, redis: Redis
) -> None:
    act = begin(support, "scope=all&verb=sync")
    carry_on_act(act.id)
    with transaction():
        for run in db.session.scalars(select(SyncRun)):
            run.state, run.error = "failed", "Stripe did not answer."
    carry_on_act(act.id)
    soup = page(support.get(f"/bulk-actions/{act.id}"))
    link = next(one for one in soup.select("a.btn") if one.get_text() == "Try again")
    second = begin(support, urlsplit(link["href"]).query)
    assert (second.retries_id, second.total) == (act.id, 2)
    assert dict(parse_qsl(second.wanted["query"]))["retries"] == str(act.id)
    assert f"What failed of bulk action {act.id}" in text_of(
        page(support.get(f"/bulk-actions/{second.id}"))
    )


def test_what_failed_on_hold_is_released_and_not_tried_into_the_same_refusal(
    support: FlaskClient, acme: Organization, redis: Redis
) -> None:
    with transaction():
        put_on_hold(bill_of(acme), "total_differs", "Stripe differs.", now=utc_now())
    act = begin(support, "scope=all&verb=sync")
    carry_on_act(act.id)
    with transaction():
        for run in db.session.scalars(select(SyncRun)):
            run.state, run.error = "failed", "Stripe did not answer."
    carry_on_act(act.id)
    soup = page(support.get(f"/bulk-actions/{act.id}"))
    links = {" ".join(one.get_text().split()): one["href"] for one in soup.select("a.btn")}
    assert {"Release", "Try again", "Try the other 1 again"} <= links.keys()
    asks = page(support.get(links["Release"]))
    assert "Release 1 invoice on hold?" in text_of(asks)
    assert asks.find("textarea", attrs={"name": "reason"})
    second = begin(support, urlsplit(links["Release"]).query)
    assert (second.verb, second.total, second.retries_id) == ("release", 1, act.id)
    carry_on_act(second.id)
    newest = db.session.scalars(select(SyncRun).order_by(SyncRun.id.desc())).first()
    assert newest.invoice_id == bill_of(acme).id
    others = begin(support, urlsplit(links["Try the other 1 again"]).query)
    assert (others.verb, others.total) == ("sync", 1)


def test_where_all_that_failed_is_on_hold_there_is_nothing_to_try_again(
    support: FlaskClient, acme: Organization, redis: Redis
) -> None:
    with transaction():
        put_on_hold(bill_of(acme), "total_differs", "Stripe differs.", now=utc_now())
    act = begin(support, f"id={acme.id}&verb=verify")
    carry_on_act(act.id)
    soup = page(support.get(f"/bulk-actions/{act.id}"))
    buttons = [one.get_text() for one in soup.select("a.btn")]
    assert "Release" in buttons
    assert not [one for one in buttons if "again" in one]


def test_the_rest_can_be_canceled(support: FlaskClient, redis: Redis) -> None:
    act = begin(support, "scope=all&verb=sync")
    answer = post(support, f"/bulk-actions/{act.id}/cancellation")
    assert answer.status_code == 303
    carry_on_act(act.id)
    words = text_of(page(support.get(answer.location)))
    assert "Canceled by support@example.com" in words
    assert "2 have not started." in words
    assert "already ended" in text_of(
        page(post(support, f"/bulk-actions/{act.id}/cancellation"), 409)
    )


def test_the_acts_are_listed_with_how_far_they_came(support: FlaskClient, redis: Redis) -> None:
    assert "No bulk actions yet" in text_of(page(support.get("/bulk-actions")))
    begin(support, "scope=all&verb=sync")
    words = text_of(page(support.get("/bulk-actions?state=open")))
    assert "Sync 2 current invoices" in words
    assert REASON in words


def test_the_trail_says_in_a_sentence_what_was_begun_and_links_it(
    support: FlaskClient, redis: Redis
) -> None:
    act = begin(support, "scope=all&verb=sync&q=acme")
    soup = page(support.get("/audit-entries?action=bulk_action"))
    assert "Started a bulk action to sync 1: all organizations that match “acme”." in text_of(soup)
    assert soup.select_one(f'a[href="/bulk-actions/{act.id}"]') is not None
