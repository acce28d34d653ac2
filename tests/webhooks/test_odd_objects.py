"""An event of ours with an odd detail: it ends at once with a sentence, or the detail is cut."""

import json
import secrets
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.webhooks import process as processing
from dashboard.webhooks.delivery import Delivery, Handled
from dashboard.webhooks.models import WebhookEvent
from tests.support.events import event, invoice_json
from tests.support.inbox import deliver
from tests.support.money import pay
from tests.support.syncing import Syncer

CARD = {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2040}
METHOD = {"id": "pm_1", "object": "payment_method", "customer": "cus_1", "card": CARD}
CUSTOMER = {
    "id": "cus_1",
    "object": "customer",
    "name": "Acme",
    "email": "billing@acme.example",
    "invoice_settings": {"default_payment_method": "pm_1"},
}
MONEY = {"amount": 700, "created": 1_700_000_000, "currency": "usd", "reason": None}
REFUND = MONEY | {"id": "re_1", "object": "refund", "status": "succeeded"}
DISPUTE = MONEY | {
    "id": "dp_1",
    "object": "dispute",
    "status": "needs_response",
    "evidence_details": {"due_by": 1_800_000_000},
}


@pytest.fixture
def acme(open_bill: Invoice) -> Organization:
    """The organization of the bill, which Stripe knows by another name."""
    with transaction():
        open_bill.organization.stripe_customer_id = "cus_1"
    return open_bill.organization


def reads_well(done: WebhookEvent) -> bool:
    """Whether what became of the event is a sentence, without what programs say to each other."""
    said = str(done.error or done.result)
    words = ("Error: ", "SELECT", "UPDATE", "INSERT", "psycopg", "sqlalchemy", "parameters")
    return said[:1].isupper() and said.endswith(".") and not any(one in said for one in words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "weird"}, "status"),
        ({"status": None}, "status"),
        ({"due_date": 10**18}, "due_date"),
        ({"due_date": "soon"}, "due_date"),
        ({"amount_due": "12"}, "amount_due"),
        ({"amount_due": 1.5}, "amount_due"),
        ({"ending_balance": True}, "ending_balance"),
        ({"starting_balance": False}, "starting_balance"),
        ({"total": 10**30, "total_excluding_tax": None}, "total"),
        ({"customer": 7}, "invoice"),
        ({"status_transitions": "x"}, "invoice"),
        ({"lines": 7}, "invoice"),
    ],
)
def test_an_invoice_that_cannot_be_read_ends_its_event_at_once(
    open_bill: Invoice, syncer: Syncer, change: dict[str, Any], words: str
) -> None:
    shown = invoice_json(syncer.simulator.url, str(open_bill.stripe_invoice_id))
    done = deliver(syncer, event("invoice.paid", shown | change))
    assert (done.state, done.attempts, done.next_attempt_at) == ("dead", 1, None)
    assert words in str(done.error)
    assert "Nothing was changed" in str(done.error)
    assert reads_well(done)
    assert open_bill.status == "open"


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("refund.created", {name: REFUND[name] for name in REFUND if name != "object"}),
        ("refund.created", REFUND | {"object": "weird"}),
        ("refund.created", REFUND | {"amount": None}),
        ("charge.dispute.created", DISPUTE | {"evidence_details": 7}),
        ("charge.dispute.created", DISPUTE | {"created": 10**18}),
        ("charge.dispute.created", DISPUTE | {"status": "s" * 500}),
        ("customer.updated", CUSTOMER | {"invoice_settings": "x"}),
        ("customer.updated", CUSTOMER | {"name": ["Acme"]}),
        ("payment_method.attached", METHOD | {"card": [CARD]}),
        ("payment_method.attached", METHOD | {"card": CARD | {"exp_year": {}}}),
        ("payment_method.attached", METHOD | {"id": None}),
    ],
)
def test_what_else_cannot_be_read_ends_its_event_at_once(
    acme: Organization, open_bill: Invoice, syncer: Syncer, kind: str, subject: dict[str, Any]
) -> None:
    paid_by = {"payment_intent": pay(syncer, open_bill)} if "amount" in subject else {}
    done = deliver(syncer, event(kind, subject | paid_by))
    assert (done.state, done.attempts) == ("dead", 1)
    assert reads_well(done)


def test_a_number_longer_than_any_is_cut(open_bill: Invoice, syncer: Syncer) -> None:
    shown = invoice_json(syncer.simulator.url, str(open_bill.stripe_invoice_id))
    done = deliver(syncer, event("invoice.updated", shown | {"number": "N" * 500}))
    assert done.state == "processed"
    assert open_bill.number == "N" * 39 + "…"


def test_what_a_card_says_of_itself_passes_the_door_for_texts(
    acme: Organization, syncer: Syncer
) -> None:
    odd = CARD | {"brand": "v\x07\u202e" + "x" * 500, "last4": "4" * 500}
    done = deliver(syncer, event("payment_method.attached", METHOD | {"card": odd}))
    db.session.refresh(acme)
    assert done.state == "processed"
    assert acme.payment_method is not None
    brand, last4 = acme.payment_method["brand"], acme.payment_method["last4"]
    assert brand.startswith("v\ufffd\ufffdx")
    assert (len(brand), len(last4), len(str(done.result)) < 120) == (40, 8, True)


@pytest.mark.parametrize("broken", ["select nowhere", "select * from nowhere"])
def test_what_nobody_expected_is_tried_again_without_showing_statements(
    syncer: Syncer, open_bill: Invoice, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def handle(_delivery: Delivery) -> Handled:
        db.session.execute(text(broken))
        raise AssertionError

    monkeypatch.setattr(processing, "handle", handle)
    done = deliver(syncer, event("invoice.paid", {"id": "in_1"}))
    assert done.state == "failed"
    assert reads_well(done)
    assert "nowhere" not in str(done.error)


def test_a_value_that_no_column_takes_is_not_tried_again(
    syncer: Syncer, open_bill: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def handle(_delivery: Delivery) -> Handled:
        open_bill.parked_code = "x" * 500
        db.session.flush()
        raise AssertionError

    monkeypatch.setattr(processing, "handle", handle)
    done = deliver(syncer, event("invoice.paid", {"id": "in_1"}))
    assert (done.state, done.attempts) == ("dead", 1)
    assert reads_well(done)


ODD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**18, 10**30, -1, 1.5, "", "weird", "x" * 500, "\x07\u202e", "²"])
    | st.just([])
    | st.just({})
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.sampled_from(["id", "object", "x"]), st.integers(), max_size=2)
)


def places(subject: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every field of the object."""
    pairs: Any = ()
    if isinstance(subject, dict):
        pairs = subject.items()
    elif isinstance(subject, list):
        pairs = enumerate(subject)
    found = [way] if way else []
    for name, inner in pairs:
        found += places(inner, (*way, name))
    return found


def with_odd(subject: dict[str, Any], way: tuple[Any, ...], odd: Any) -> dict[str, Any]:
    """Return the object with something else in one place."""
    changed = deepcopy(subject)
    inner: Any = changed
    for name in way[:-1]:
        inner = inner[name]
    inner[way[-1]] = odd
    return changed


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_a_field_holds_the_event_ends_in_a_sentence(
    open_bill: Invoice, syncer: Syncer, data: st.DataObject
) -> None:
    customer_id = open_bill.organization.stripe_customer_id
    shown = invoice_json(syncer.simulator.url, str(open_bill.stripe_invoice_id))
    subjects = {
        "invoice.updated": shown,
        "invoice.payment_failed": shown | {"last_payment_error": {"message": "Declined."}},
        "refund.created": REFUND | {"payment_intent": "pi_1"},
        "charge.dispute.updated": DISPUTE | {"payment_intent": "pi_1"},
        "customer.updated": CUSTOMER | {"id": customer_id},
        "payment_method.attached": METHOD | {"customer": customer_id},
    }
    kind = data.draw(st.sampled_from(list(subjects)))
    subject = subjects[kind]
    way = data.draw(st.sampled_from(places(subject)))
    body = event(kind, with_odd(subject, way, data.draw(ODD)))
    done = deliver(syncer, json.loads(json.dumps(body)) | {"id": f"evt_{secrets.token_hex(8)}"})
    assert done.state in ("processed", "ignored", "dead"), (done.error, kind, way)
    assert reads_well(done), (done.error, done.result)
