"""What pages say of Stripe is asked for once in a while, not for each."""

import pytest

from dashboard.views import stripe_state
from dashboard.views.stripe_state import Known


def test_it_is_asked_once_and_then_remembered_for_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, answers, known = [0.0], [5, 0], Known()
    monkeypatch.setattr(stripe_state, "monotonic", lambda: clock[0])
    for at, seconds, left in ((0.0, 5, 1), (0.9, 5, 1), (1.1, 0, 0), (1.5, 0, 0)):
        clock[0] = at
        assert known.away_seconds(lambda: answers.pop(0)) == seconds
        assert len(answers) == left
