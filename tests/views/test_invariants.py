"""Whether the money adds up: what is said where nothing is found, where something is, and late."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import func, select, text

from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.invariants import rounds
from dashboard.invariants.keep import CONFIRMED_AFTER
from dashboard.invariants.known import BY_NAME, EVERY_INVARIANT
from dashboard.invariants.models import InvariantFinding, InvariantRound
from dashboard.organizations.models import Organization
from dashboard.reading.invariants import STALE
from dashboard.recount.runs import begin, end
from dashboard.transaction import transaction
from jobs.queues import queue_named
from tests.pages import fragment, page, post, text_of
from tests.support.needs import look_now

HOLDS = BY_NAME["items_add_up"].holds
BREAK = """
    update invoices set total_cents = total_cents + :cents
    where organization_id = (select id from organizations where slug = 'acme')
"""


def break_total(cents: int = 700) -> None:
    with transaction():
        database.session.execute(text(BREAK), {"cents": cents})


def everybody() -> int:
    """Return how many organizations there are."""
    return database.session.scalar(select(func.count()).select_from(Organization)) or 0


def look(ago: timedelta = timedelta()) -> None:
    """Look at everybody, and again a minute later."""
    begun = utc_now() - ago - CONFIRMED_AFTER
    with transaction():
        rounds.look_further(now=begun)
    with transaction():
        rounds.look_again(now=begun + CONFIRMED_AFTER)
    with transaction():
        end(begin(is_of_clock=True, now=begun), now=begun)


def test_before_the_first_look_nothing_is_said_to_hold(
    support: FlaskClient, acme: Organization
) -> None:
    words = text_of(page(support.get("/invariants")))
    assert (
        f"{len(EVERY_INVARIANT)} of {len(EVERY_INVARIANT)} checks have not been through all"
        in words
    )
    assert "The money adds up" not in words
    assert f"{HOLDS} Not looked at yet never" in words
    assert "No round is in progress." in words


def test_all_that_holds_is_said_with_when_it_was_looked_at(
    support: FlaskClient, acme: Organization
) -> None:
    look()
    words = text_of(page(support.get("/invariants")))
    assert "The money adds up" in words
    assert f"{HOLDS} Holds {utc_now():%-d %b %Y}" in words


def test_what_does_not_hold_is_said_first_with_where(
    support: FlaskClient, acme: Organization
) -> None:
    break_total()
    look()
    shown = page(support.get("/invariants"))
    words = text_of(shown)
    assert (
        "1 check does not hold Bills of the organizations concerned that may be wrong are" in words
    )
    assert "1 organization, 1 place, since" in words
    [link] = [one for one in shown.find_all("a") if "total $" in one.text]
    assert link["href"] == "/organizations/acme/invoices/1"
    assert "The money adds up" not in words


def test_what_was_seen_once_is_not_called_broken(support: FlaskClient, acme: Organization) -> None:
    break_total()
    with transaction():
        rounds.look_further(now=utc_now())
    words = text_of(page(support.get("/invariants")))
    assert "1 seen once, looked at again in a minute" in words
    assert "does not hold" not in words


def test_an_old_look_says_nothing_of_now(support: FlaskClient, acme: Organization) -> None:
    look(ago=STALE)
    words = text_of(page(support.get("/invariants")))
    assert "Not everything was looked at" in words
    assert f"{HOLDS} Not looked at " in words
    assert "The money adds up" not in words


def test_a_round_under_way_shows_how_far_it_is_and_that_it_stands(
    support: FlaskClient, acme: Organization
) -> None:
    with transaction():
        rounds.look_further(now=utc_now() - timedelta(minutes=11), most=1)
        database.session.scalars(select(InvariantRound)).one().ended_at = None
    words = text_of(page(support.get("/invariants")))
    assert f"Every check, 1 of {everybody()} organizations since" in words
    assert "The checks have stopped" in words


def test_one_check_shows_all_that_was_found_of_it(support: FlaskClient, acme: Organization) -> None:
    break_total()
    look()
    words = text_of(page(support.get("/invariants?name=items_add_up")))
    assert f"{HOLDS} Does not hold" in words
    assert BY_NAME["cycles_follow"].holds not in words
    assert BY_NAME["cycles_follow"].holds in text_of(page(support.get("/invariants?name=none")))


def test_the_refresh_is_the_part_that_changes(support: FlaskClient, acme: Organization) -> None:
    words = text_of(fragment(support.get("/invariants", headers={"HX-Request": "true"})))
    assert HOLDS in words


def test_one_organization_is_looked_at_now(support: FlaskClient, acme: Organization) -> None:
    answer = post(support, "/invariants/looks", slug="acme")
    assert answer.status_code == 303
    words = text_of(page(support.get(answer.location)))
    assert f"Looked at {acme.name} just now: everything adds up." in words
    break_total()
    post(support, "/invariants/looks", slug="acme")
    assert "just now: 1 check fails." in text_of(page(support.get("/invariants")))
    assert database.session.scalars(select(InvariantFinding)).one().confirmed_at is None


@pytest.mark.parametrize(("slug", "status"), [("", 422), ("nobody", 404)])
def test_who_is_not_named_is_not_looked_at(
    support: FlaskClient, acme: Organization, slug: str, status: int
) -> None:
    answer = post(support, "/invariants/looks", slug=slug)
    assert answer.status_code == status
    assert database.session.scalars(select(InvariantFinding)).all() == []


def test_all_are_looked_at_for_one_check_soon(
    support: FlaskClient, acme: Organization, redis: Redis
) -> None:
    post(support, "/invariants/rounds", invariant="items_add_up")
    [job] = queue_named("interactive", redis).jobs
    assert job.func_name == "jobs.invariants.look_at_money"
    words = text_of(page(support.get("/invariants")))
    assert f"Looking at all organizations, 0 of {everybody()} so far." in words
    assert f": one check, 0 of {everybody()} organizations since" in words
    assert post(support, "/invariants/rounds", invariant="none").status_code == 422


def test_what_does_not_add_up_needs_a_person(support: FlaskClient, acme: Organization) -> None:
    break_total()
    look()
    kinds = {one.kind for one in look_now()}
    assert "sums" in kinds
    shown = page(support.get("/needs"))
    assert "Does not add up" in text_of(shown)
    assert any(one.get("href") == "/invariants?name=items_add_up" for one in shown.find_all("a"))


def test_the_figures_say_of_how_many_it_does_not_hold(
    client: FlaskClient, acme: Organization
) -> None:
    assert "dashboard_invariants_age_seconds +Inf" in client.get("/metrics").text
    break_total()
    look()
    told = client.get("/metrics").text
    assert 'dashboard_invariants_broken{invariant="items_add_up"} 1.0' in told
    assert 'dashboard_invariants_broken{invariant="cycles_follow"} 0.0' in told
