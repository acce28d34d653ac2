"""Service standing through the API: what sub-systems ask before they serve."""

from datetime import timedelta

import pytest

from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.standing.change import set_apart, set_rules
from dashboard.standing.look import look
from dashboard.standing.rules import Override, Rules
from dashboard.transaction import transaction
from tests.api.conftest import Caller
from tests.factories import SUPPORT, make_organization
from tests.people import make_bill
from tests.support.declined import issue

PATH = "/organizations/acme/standing"
NOW = utc_now()


@pytest.fixture
def owing(db, redis) -> Organization:
    """Acme, which has owed 50.00 for ten days, by rules that suspend after five."""
    organization = make_bill("acme", name="Acme Freight")
    issue(organization, 5000, due_at=NOW - timedelta(days=10))
    with transaction():
        set_rules(Rules(2, 5), seen=0, now=NOW, actor=SUPPORT)
    return organization


def test_one_that_owes_nothing_is_good(caller: Caller, db) -> None:
    with transaction():
        make_organization("acme")
    assert caller.get(PATH).json == {
        "standing": "good", "by_rules": "good", "override_until": None, "changed_at": None,
    }  # fmt: skip


def test_it_is_as_it_is_now_and_says_when_the_clock_saw_it_move(
    caller: Caller, owing: Organization
) -> None:
    told = caller.get(PATH).json
    assert (told["standing"], told["changed_at"]) == ("suspended", None)
    with transaction():
        look([owing.id], now=NOW)
    assert caller.get(PATH).json["changed_at"] is not None


def test_what_a_person_set_holds_and_its_end_is_told(caller: Caller, owing: Organization) -> None:
    until = NOW + timedelta(days=3)
    with transaction():
        set_apart(owing, Override("good", until), reason="r", seen="none", now=NOW, actor=SUPPORT)
    told = caller.get(PATH).json
    assert (told["standing"], told["by_rules"]) == ("good", "suspended")
    assert told["override_until"] is not None


def test_one_whose_end_has_passed_is_as_the_rules_say(
    caller: Caller, owing: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction():
        until = NOW + timedelta(hours=1)
        set_apart(owing, Override("good", until), reason="r", seen="none", now=NOW, actor=SUPPORT)
    monkeypatch.setattr("dashboard.api.standing.utc_now", lambda: until)
    told = caller.get(PATH).json
    assert (told["standing"], told["override_until"]) == ("suspended", None)


def test_an_unknown_organization_has_none(caller: Caller, db) -> None:
    assert caller.get("/organizations/nobody/standing").status_code == 404
