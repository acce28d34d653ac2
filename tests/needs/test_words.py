"""Each kind says in a sentence why it needs a person, from its facts alone."""

import pytest

from dashboard.needs.kinds import GROUPS, KINDS
from dashboard.views.audit_words import SENTENCES
from tests.support.written import LISTED

OF_INVOICE = {"sequence": 3, "number": "A-0003"}
NEXT = {"next_at": "2026-11-29T09:00:00+00:00"}


@pytest.mark.parametrize(
    ("kind", "facts", "sentence"),
    [
        (
            "on_hold",
            {"reason": "Stripe's total is $1.54 above ours. Compare them. Then decide."},
            "Stripe's total is $1.54 above ours.",
        ),
        ("on_hold", {"reason": None}, "On hold until a person decides."),
        (
            "past_due",
            {"due_at": "2026-11-24T00:00:00+00:00", "failure": None},
            "Due 24 Nov and not paid.",
        ),
        (
            "past_due",
            {"due_at": "2026-11-24T00:00:00+00:00", "failure": "It is odd.", **NEXT},
            "Due 24 Nov and not paid. It is odd. Next attempt 29 Nov, 09:00 UTC.",
        ),
        (
            "declined",
            {"failure": "Insufficient funds.", "next_at": None},
            "Insufficient funds. Stripe has not announced another attempt.",
        ),
        (
            "failing",
            {"failures": 6, "error": "Stripe says the customer was deleted."},
            "Stripe says the customer was deleted. 6 syncs failed.",
        ),
        (
            "differs",
            {"lines": 1, "description": "Onboarding workshop"},
            "A line we did not send: “Onboarding workshop”.",
        ),
        (
            "differs",
            {"lines": 2, "description": ""},
            "2 lines we did not send, among them a line without a description.",
        ),
        (
            "left",
            {"lines": 1, "description": "x"},
            "A line added at Stripe was left there. The invoice is on hold until it goes.",
        ),
        ("void", {}, "Invoice A-0003 is void and billed nothing. Bill it again, or write it off."),
        (
            "credit_note",
            {"error": "A payment is in progress. Try later."},
            "Stripe refused a credit note of invoice A-0003: A payment is in progress.",
        ),
        (
            "credit_note",
            {"error": None},
            "A credit note of invoice A-0003 is not issued yet. Stripe may not be answering.",
        ),
        (
            "dead",
            {"type": "invoice.paid", "attempts": 8, "error": "No invoice with this id."},
            "invoice.paid failed 8 times: No invoice with this id.",
        ),
        ("dead", {"type": "a.b", "attempts": 1, "error": None}, "a.b failed once."),
        (
            "unusual",
            {
                "product": "Servers",
                "cents": 3250,
                "habit_cents": 1000,
                "service": None,
                "began_on": "2026-11-24",
            },
            "Servers at 3.2 times its habit since 24 Nov.",
        ),
        (
            "unusual",
            {
                "product": "Data transfer",
                "cents": 4400,
                "habit_cents": 1000,
                "service": "Data transfer",
                "began_on": "2026-11-26",
            },
            "Data transfer at 4.4 times its habit since 26 Nov.",
        ),
        ("late", {"why": "No worker is running."}, "No worker is running."),
    ],
)
def test_why(kind: str, facts: dict[str, object], sentence: str) -> None:
    assert KINDS[kind].sentence(OF_INVOICE | facts) == sentence


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda one: one.name)
def test_a_kind_is_in_a_group_and_names_acts_that_are_put_on_record(kind) -> None:
    assert kind.group in GROUPS
    assert set(kind.acts) - set(SENTENCES) - LISTED == set()
    assert len(kind.name) <= 20
