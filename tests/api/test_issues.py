"""Whether people let a bill be issued, by API: read, held and released; never approved."""

from dashboard.audit.actor import Actor
from dashboard.billing.outcome import put_on_hold
from dashboard.clock import utc_now
from dashboard.closing.hold import hold_bill
from dashboard.closing.limits import set_limit
from dashboard.closing.people import APPROVAL_WANTED
from dashboard.money import Money
from dashboard.transaction import transaction
from tests.api.conftest import Caller
from tests.support.billing import make_bill, put

ADA = Actor("user", 1, "Ada")


def test_a_program_holds_and_releases_and_reads_but_does_not_approve(
    caller: Caller, db, redis
) -> None:
    one = make_bill("acme", days_left=-1)
    put(one, a=4000)
    with transaction():
        one.status = "sealed"
    with transaction():
        set_limit(Money(100, "usd"), reason="Large", actor=ADA, now=utc_now())
        put_on_hold(one, APPROVAL_WANTED, "It waits.", now=utc_now())
    path = f"/organizations/acme/invoices/{one.sequence}/issue"
    told = caller.get(path).json
    assert (told["limit_cents"], told["needs_approval"], told["held_by"]) == (100, True, None)
    assert caller.post(path + "/holds", {"reason": ""}).status_code == 422
    assert caller.post(path + "/holds", {"reason": "Doubtful"}).status_code == 201
    again = caller.post(path + "/holds", {"reason": "Else"})
    assert (again.status_code, again.json["held_reason"]) == (200, "Doubtful")
    assert caller.post(path + "/releases", {}).json["held_by"] is None
    assert caller.post(path + "/approvals", {"reason": "Seen"}).status_code == 404
    assert one.parked_code == APPROVAL_WANTED


def test_a_program_does_not_release_what_a_person_holds(caller: Caller, db, redis) -> None:
    one = make_bill("acme")
    with transaction():
        hold_bill(one, reason="Doubtful", actor=ADA, now=utc_now())
    path = f"/organizations/acme/invoices/{one.sequence}/issue"
    refused = caller.post(path + "/releases", {})
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
    assert caller.get(path).json["held_by"] == "Ada"
