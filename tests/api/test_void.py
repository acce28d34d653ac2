"""A void invoice through the API."""

from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.support.api_story import set_up
from tests.support.stripe_acts import tell

PATH = "/organizations/acme/invoices/1"


def void_bill(caller):
    set_up(caller)
    credit = {"amount_cents": 900, "description": "Setup", "reason": "New", "key": "a"}
    assert caller.post("/organizations/acme/adjustments", credit).status_code == 201
    with transaction():
        invoice = db.session.query(Invoice).one()
        seal_now(invoice, now=invoice.period_end)
        tell(invoice, "open", utc_now())
        tell(invoice, "void", utc_now())


def test_what_a_void_invoice_held_is_decided_once(caller):
    void_bill(caller)
    told = caller.get(PATH).json
    assert (told["status"], told["void"]["state"], told["void"]["cents"]) == (
        "void", "undecided", 900,
    )  # fmt: skip
    stale = caller.post(f"{PATH}/void-decisions", {"decision": "bill", "cents": 800})
    assert (stale.status_code, stale.json["code"]) == (409, "stale")
    for _ in range(2):
        done = caller.post(f"{PATH}/void-decisions", {"decision": "bill", "cents": 900})
        assert (done.status_code, done.json["state"], done.json["billed_on"]) == (200, "billed", 2)
    bill = caller.get("/organizations/acme/current-invoice").json
    assert [(item["kind"], item["amount_cents"]) for item in bill["items"]] == [("rebilled", 900)]
    other = {"decision": "write_off", "cents": 900, "reason": "No"}
    assert caller.post(f"{PATH}/void-decisions", other).status_code == 409


def test_a_reason_is_wanted_to_write_off(caller):
    void_bill(caller)
    answer = caller.post(f"{PATH}/void-decisions", {"decision": "write_off", "cents": 900})
    assert answer.status_code == 422
    assert caller.get(PATH).json["void"]["state"] == "undecided"


def test_an_invoice_that_is_not_void_has_nothing_to_decide(caller):
    set_up(caller)
    answer = caller.post(f"{PATH}/void-decisions", {"decision": "bill", "cents": 0})
    assert answer.status_code == 404
