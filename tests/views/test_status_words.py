"""Every state the database allows has a word, an icon and a tone."""

import re

import pytest
from sqlalchemy import CheckConstraint

from dashboard.billing.models import STATUSES
from dashboard.models import SyncRun, SyncStep, WebhookEvent
from dashboard.views.status_words import KINDS, status_word
from tests.support.environment import ROOT


def allowed(model: type, constraint: str) -> list[str]:
    """Return the values that a check constraint of the table names."""
    named = {
        str(one.name): str(one.sqltext)
        for one in model.__table__.constraints
        if isinstance(one, CheckConstraint)
    }
    return re.findall(r"'(\w+)'", named[f"ck_{model.__tablename__}_{constraint}"])


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("invoice", STATUSES),
        ("run", allowed(SyncRun, "state")),
        ("step", allowed(SyncStep, "outcome")),
        ("event", allowed(WebhookEvent, "state")),
    ],
)
def test_every_state_is_worded(kind: str, states: list[str]) -> None:
    assert states
    for state in states:
        assert status_word(kind, state).word


def test_every_icon_is_drawn() -> None:
    svg = (ROOT / "static" / "icons.svg").read_text()
    drawn = set(re.findall(r'symbol id="([^"]+)"', svg))
    shown = {word.icon for words in KINDS.values() for word in words.values()}
    assert shown <= drawn
