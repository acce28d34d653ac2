"""Previewing, asking for and watching syncs."""

from datetime import timedelta

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun, SyncStep
from dashboard.transaction import transaction
from tests.factories import make_organization
from tests.pages import fragment, page, post, text_of
from tests.people import bill_of
from tests.support.usage import use

SYNCS = "/organizations/acme/syncs"


def latest() -> SyncRun:
    """Return the newest run."""
    db.session.expire_all()
    return db.session.scalars(select(SyncRun).order_by(SyncRun.id.desc())).first()


def hash_of(preview: BeautifulSoup) -> str:
    """Return the name of the plan that a preview would apply."""
    return str(preview.find("input", attrs={"name": "plan_hash"})["value"])


def test_a_preview_shows_the_lines_and_the_net_effect(support: FlaskClient) -> None:
    soup = page(support.get(f"{SYNCS}/new"))
    words = text_of(soup)
    assert "Nothing has been sent" in words
    assert "Apply these 3 changes" in words
    assert "Creates the invoice first" in words
    assert latest() is None


def test_applying_a_preview_asks_for_exactly_that_plan(support: FlaskClient) -> None:
    soup = page(support.get(f"{SYNCS}/new"))
    plan_hash = hash_of(soup)
    answer = post(support, SYNCS, plan_hash=plan_hash)
    run = latest()
    assert answer.location == f"{SYNCS}/{run.id}"
    assert run.expected_plan_hash == plan_hash
    assert (run.trigger, run.actor_label) == ("support", "support@example.com")


def test_a_stale_preview_sends_nothing_and_is_answered_with_the_new_one(
    support: FlaskClient,
) -> None:
    soup = page(support.get(f"{SYNCS}/new"))
    use("acme", "late", 1)
    answer = page(post(support, SYNCS, plan_hash=hash_of(soup)), 409)
    assert "The bill changed since your preview Nothing was sent to Stripe." in text_of(answer)
    assert latest() is None
    assert hash_of(answer) != hash_of(soup)
    assert post(support, SYNCS, plan_hash=hash_of(answer)).location == f"{SYNCS}/{latest().id}"


def test_in_the_panel_the_new_preview_comes_into_the_panel(support: FlaskClient) -> None:
    panel = {"HX-Request": "true", "HX-Target": "div#panel-body"}
    soup = fragment(support.get(f"{SYNCS}/new", headers=panel))
    use("acme", "late", 1)
    answer = fragment(post(support, SYNCS, headers=panel, plan_hash=hash_of(soup)), 409)
    assert answer.find("main") is None
    assert "This is the new preview." in text_of(answer)
    applied = post(support, SYNCS, headers=panel, plan_hash=hash_of(answer))
    assert applied.headers["HX-Redirect"] == f"{SYNCS}/{latest().id}"


def test_on_a_bill_that_moves_all_the_time_the_preview_can_still_be_sent(
    support: FlaskClient,
) -> None:
    soup = page(support.get(f"{SYNCS}/new"))
    button = soup.find("button", string="Send the latest changes")
    use("acme", "late", 1)
    fields = {one["name"]: one["value"] for one in button.find_parent("form").select("input")}
    del fields["csrf_token"]
    assert post(support, SYNCS, **fields).location == f"{SYNCS}/{latest().id}"
    assert latest().expected_plan_hash is None


def test_a_run_whose_preview_went_stale_leads_to_a_new_one(
    support: FlaskClient, acme: Organization
) -> None:
    address = post(support, SYNCS).location
    with transaction():
        run = db.session.get_one(SyncRun, latest().id)
        run.state, run.error_code, run.error = "failed", "stale", "The ledger moved."
    soup = page(support.get(address))
    assert soup.find("a", string="Preview again")["href"] == f"{SYNCS}/new"


def test_an_organization_that_bills_nothing_is_not_said_to_have_been_synced(
    support: FlaskClient,
) -> None:
    with transaction():
        make_organization("fresh", now=utc_now(), anchor=utc_now())
    words = text_of(page(support.get("/organizations/fresh/syncs/new")))
    assert "Stripe has no draft of this invoice" in words
    assert "last agreed" not in words


def test_a_second_click_joins_the_run_under_way(support: FlaskClient) -> None:
    first = post(support, SYNCS).location
    assert post(support, SYNCS).location == first


def test_verify_asks_for_a_comparison(support: FlaskClient) -> None:
    post(support, SYNCS, verify="yes")
    assert latest().verify


def test_the_run_page_watches_while_it_runs_and_stops_after(
    support: FlaskClient, acme: Organization
) -> None:
    address = post(support, SYNCS).location
    region = page(support.get(address)).select_one("[data-polled]")
    assert region["hx-trigger"].startswith("every 1s")
    with transaction():
        run = db.session.get_one(SyncRun, latest().id)
        run.state, run.started_at, run.finished_at = "succeeded", utc_now(), utc_now()
    over = fragment(support.get(f"{address}/progress", headers={"HX-Request": "true"}))
    assert over.select_one("[data-polled]").get("hx-trigger") is None
    assert "Equal" in text_of(over)


def test_a_failed_run_shows_its_error_and_what_stripe_called_it(
    support: FlaskClient, acme: Organization
) -> None:
    address = post(support, SYNCS).location
    with transaction():
        run = db.session.get_one(SyncRun, latest().id)
        run.state, run.error, run.error_code = "failed", "Stripe refused the lines.", "invalid"
        db.session.add(
            SyncStep(
                organization_id=acme.id,
                run_id=run.id,
                invoice_id=bill_of(acme).id,
                position=1,
                operation="add_lines",
                body={},
                idempotency_key="sync-1-1",
                fence=1,
                sent_at=utc_now() - timedelta(seconds=1),
                outcome="refused",
                stripe_request_id="req_123",
                error="No such invoice",
            )
        )
    words = text_of(page(support.get(address)))
    for part in ("Stripe refused the lines.", "req_123", "Refused", "Add lines"):
        assert part in words


def test_a_run_that_waits_says_so_and_counts_no_calls_beyond_its_plan(
    support: FlaskClient, acme: Organization
) -> None:
    address = post(support, SYNCS).location
    with transaction():
        run = db.session.get_one(SyncRun, latest().id)
        run.state, run.error, run.attempts = "retrying", "Stripe failed with 500.", 1
        run.calls_planned, run.calls_made = 2, 6
        run.next_attempt_at = utc_now() + timedelta(seconds=30)
        at = f"{run.next_attempt_at:%H:%M:%S} UTC"
    words = text_of(page(support.get(address)))
    assert "Attempt 1 failed. The next is" in words
    bill = text_of(page(support.get("/organizations/acme")))
    said = f"The sync was tried once. Stripe failed with 500. The next attempt is at {at}."
    assert said in bill
    for text in (words, bill):
        assert "of 2 calls" not in text


def test_a_run_that_a_pause_holds_is_not_told_as_failed(
    support: FlaskClient, acme: Organization
) -> None:
    address = post(support, SYNCS).location
    with transaction():
        run = db.session.get_one(SyncRun, latest().id)
        run.state, run.error_code, run.attempts = "retrying", "closings_held", 0
        run.error = "All closings are held, so nothing was sent: Wait."
    words = text_of(page(support.get(address)))
    assert "Closings are held" in words
    assert "failed" not in words


def test_a_run_that_leaves_a_foreign_line_does_not_say_in_sync(
    support: FlaskClient, acme: Organization
) -> None:
    address = post(support, SYNCS, verify="yes").location
    theirs = {"key": "", "amount_cents": 100, "description": ""}
    found = {"state": "foreign", "key": None, "line_id": "il_1", "ours": None, "theirs": theirs}
    with transaction():
        run = db.session.get_one(SyncRun, latest().id)
        run.state, run.findings = "succeeded", [found]
    words = text_of(page(support.get(address)))
    assert "Done Differs" in words
    assert "No description" in words
    with transaction():
        run.plan = {"changes": [{"kind": "remove", "key": "il_1", "before": theirs, "after": None}]}
    assert "Done Equal" in text_of(page(support.get(address)))


def test_the_effect_of_a_run_that_has_not_succeeded_is_only_planned(support: FlaskClient) -> None:
    address = post(support, SYNCS).location
    with transaction():
        run = db.session.get_one(SyncRun, latest().id)
        run.state, run.cents_before, run.cents_after, run.lines_changed = "failed", 301, 600, 1
    assert "Planned effect on Stripe's draft +$2.99" in text_of(page(support.get(address)))
    assert "+$2.99 planned" in text_of(page(support.get(SYNCS)))
    with transaction():
        db.session.get_one(SyncRun, latest().id).state = "succeeded"
    for one in (address, SYNCS):
        words = text_of(page(support.get(one)))
        assert "+$2.99" in words
        assert "lanned" not in words


def test_runs_are_listed_for_one_and_for_all(support: FlaskClient) -> None:
    assert "Never synced" in text_of(page(support.get(SYNCS)))
    post(support, SYNCS)
    assert "Run" in text_of(page(support.get(SYNCS)))
    assert "Acme Freight" in text_of(page(support.get("/sync-runs?state=active")))
    assert "No match for Failed" in text_of(page(support.get("/sync-runs?state=failed")))


def test_a_run_of_another_organization_is_not_found(support: FlaskClient) -> None:
    post(support, SYNCS)
    words = text_of(page(support.get(f"/organizations/other/syncs/{latest().id}"), 404))
    # Whether it never was, is another's, or went by age, is not told apart.
    assert "or it was deleted" in words
