"""Telling other systems what is past due."""

from __future__ import annotations

from datetime import timedelta

from dashboard.billing.past_due import tell_of_late
from dashboard.billing.telling import PAST_DUE
from dashboard.extensions import db
from dashboard.outgoing.tell import is_told
from tests.locks.stage import Stage
from tests.locks.told import issue
from tests.support.outgoing import listens


def tell_what_is_late(stage: Stage) -> None:
    """Let an issued invoice be past due, and the clock look while a receiver listens."""
    number = stage.number()
    if not is_told(PAST_DUE):
        listens("https://receiver.example/", [PAST_DUE], now=stage.now())
    invoice = issue(stage)
    invoice.due_at = stage.now() + timedelta(days=1, seconds=number)
    db.session.commit()
    tell_of_late(0, most=10, now=stage.now() + timedelta(days=2, seconds=number))
