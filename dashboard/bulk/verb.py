"""What a verb of a bulk action is: how its members are found, begun, and seen to have ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Select

from dashboard.bulk.models import BulkAction, BulkMember
from dashboard.sync.models import SyncRun

# A query of subject ids with their organizations: what an act is to reach.
Members = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Begun:
    """What became of some members: of those begun the sync each asked for, if any; of those that
    are over at once why they failed, None where nothing was left to do. The others are begun later.
    """

    asked: Mapping[int, int | None] = field(default_factory=dict)
    over: Mapping[int, str | None] = field(default_factory=dict)
    runs: Sequence[SyncRun] = ()
    # Whether the inbox has something to look into.
    rings: bool = False


class Verb(Protocol):
    """One thing that can be done to many rows of a list, by whose ids they are picked."""

    @property
    def name(self) -> str: ...

    @property
    def of(self) -> str: ...

    @property
    def permission(self) -> str: ...

    def members(self, ids: Collection[int]) -> Members:
        """Return which members rows of the list have."""

    def begin(self, act: BulkAction, members: Sequence[BulkMember], *, now: datetime) -> Begun:
        """Begin these members in the present transaction, all that nobody else is changing."""

    def ended(self, members: Sequence[BulkMember]) -> Mapping[int, str | None]:
        """Return which of the begun members ended, with the error of those that failed."""
