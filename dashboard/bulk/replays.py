"""Bulk actions on events: those that failed are put back into the inbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, select

from dashboard.bulk.models import BulkAction, BulkMember
from dashboard.bulk.verb import Begun, Members
from dashboard.extensions import db
from dashboard.statement import any_of
from dashboard.webhooks.alike import FAILING, put_back
from dashboard.webhooks.models import WebhookEvent

DONE = ("processed", "ignored")
UNREADABLE = "It could not be read as an event, so there is nothing to process."


@dataclass(frozen=True, slots=True)
class ReplayVerb:
    """Process each event that failed once more, in the order they arrived.

    They wait in the inbox like those that have just come: what they did before is not done twice.
    """

    name: str = "replay"
    of: str = "webhook_events"
    permission: str = "webhook.replay"

    def members(self, ids: Collection[int]) -> Members:
        """Return those of these events that failed."""
        mine = WebhookEvent.id == any_of(ids, BigInteger)
        return select(WebhookEvent.id, WebhookEvent.organization_id).where(
            mine, WebhookEvent.state.in_(FAILING)
        )

    def begin(self, act: BulkAction, members: Sequence[BulkMember], *, now: datetime) -> Begun:  # noqa: ARG002  every verb is told whose act it is
        """Put these events back, but for those that a worker has at this moment."""
        by_event = {one.subject_id: one.id for one in members}
        states = _states(by_event)
        back = put_back([one for one in by_event if states.get(one) in FAILING], now=now)
        asked: dict[int, int | None] = {by_event[one]: None for one in back}
        over: dict[int, str | None] = {}
        for event_id, member_id in by_event.items():
            state = states.get(event_id, "processed")
            if state in DONE:
                over[member_id] = None
            elif state == "unreadable":
                over[member_id] = UNREADABLE
            elif state not in FAILING:
                # Somebody else has had it processed again and it waits or is at it.
                asked[member_id] = None
        return Begun(asked, over, rings=bool(asked))

    def ended(self, members: Sequence[BulkMember]) -> Mapping[int, str | None]:
        """Return which were processed since they were put back."""
        by_event = {one.subject_id: one.id for one in members}
        rows = db.session.execute(
            select(WebhookEvent.id, WebhookEvent.state, WebhookEvent.error).where(
                WebhookEvent.id == any_of(by_event, BigInteger)
            )
        )
        found = {event_id: (state, error) for event_id, state, error in rows}
        ended: dict[int, str | None] = {}
        for event_id, member_id in by_event.items():
            state, error = found.get(event_id, ("processed", None))
            if state in DONE:
                ended[member_id] = None
            elif state in FAILING:
                ended[member_id] = error or "It failed."
        return ended


def _states(event_ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(
        select(WebhookEvent.id, WebhookEvent.state).where(
            WebhookEvent.id == any_of(event_ids, BigInteger)
        )
    )
    return dict(rows.all())
