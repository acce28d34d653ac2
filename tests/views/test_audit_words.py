"""The audit trail says what happened in sentences."""

import ast
from collections.abc import Iterator

import pytest

from dashboard.audit.listing import AuditLine
from dashboard.audit.models import AuditEntry
from dashboard.views.audit_words import SENTENCES, sentence_of
from tests.support.environment import ROOT
from tests.support.written import LISTED

# What is put together of a word and the state of its subject.
MADE = {
    "invoice.": ("open", "paid", "uncollectible", "void", "void_billed", "void_written_off"),
    ".told": ("credit_note", "refund", "dispute"),
}
# Recorded by earlier releases only: entries are never changed.
EARLIER = {"events.replayed"}


def said(action: str, facts: dict[str, object], currency: str | None = "usd") -> str:
    """Return what an entry says."""
    return sentence_of(AuditLine(AuditEntry(action=action, facts=facts), "acme", currency))


@pytest.mark.parametrize(
    ("action", "facts", "sentence"),
    [
        (
            "session.opened",
            {"method": "password", "device": "Firefox on Mac", "address": "192.0.2.1"},
            "Signed in with a password on Firefox on Mac, from 192.0.2.1.",
        ),
        (
            "session.opened",
            {"method": "password", "device": "Firefox on Mac", "address": None},
            "Signed in with a password on Firefox on Mac.",
        ),
        (
            "adjustment.added",
            {"cents": -125000, "currency": "jpy", "description": "Outage"},
            "−\u2060¥125,000 for “Outage” on the current invoice.",
        ),
        ("invoice.sealed", {"total_cents": 1999}, "Sealed at $19.99."),
        ("person.role_changed", {"role": ["a", "b"]}, "Changed the role from a to b."),
        (
            "service.detached",
            {"at": "2026-03-01T12:00:00+00:00"},
            "Detached at 1 Mar 2026, 12:00 UTC.",
        ),
        (
            "customer.sent_ours",
            {"before": {"name": "A"}, "after": {"name": "B"}},
            "The next sync changes Stripe's customer from name A to name B.",
        ),
        ("person.deactivated", {"email": "a@b.c", "tokens": []}, "Deactivated a@b.c."),
        ("something.new", {"one_thing": 1, "nothing": None}, "one thing: 1"),
        ("service.detached", {"other": "x"}, "other: x"),
        ("service.detached", {}, ""),
    ],
)  # fmt: skip
def test_an_entry_says_its_facts(action: str, facts: dict[str, object], sentence: str) -> None:
    assert said(action, facts) == sentence


def test_an_amount_of_no_currency_is_only_a_number() -> None:
    assert said("invoice.sealed", {"total_cents": 1999}, None) == "Sealed at 1999."


def recorded() -> Iterator[str]:
    """Yield every action that the code puts on record under a name of its own."""
    for path in (ROOT / "dashboard").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if not is_call or node.func.id != "write_entry" or not node.args:
                continue
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def test_everything_that_is_put_on_record_has_a_sentence() -> None:
    assert set(recorded()) - set(SENTENCES) - LISTED == set()


def test_no_sentence_is_of_nothing() -> None:
    made = {f"invoice.{one}" for one in MADE["invoice."]} | {f"{one}.told" for one in MADE[".told"]}
    assert set(SENTENCES) - set(recorded()) - made == EARLIER
