"""Usage as the API speaks of it."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints

from dashboard.api.schemas.types import (
    Counted,
    ExactDecimal,
    ExternalId,
    Instant,
    Key,
    Printable,
    Reason,
    Sent,
    Slug,
    Told,
)
from dashboard.restores.models import Restore
from dashboard.usage.cancel import Canceled
from dashboard.usage.reported import ReportedRecord

MOST_RECORDS = 10_000
MOST_KEYS = 1_000


class UsageRecordIn(Sent):
    """A quantity of a meter at an instant; `key` identifies the record, so it counts once."""

    organization: Slug
    meter: Annotated[str, StringConstraints(min_length=1, max_length=63), Printable]
    key: Key
    quantity: ExactDecimal
    recorded_at: Instant
    service: ExternalId | None = None

    def reported(self) -> ReportedRecord:
        """Return the record in plain values."""
        return ReportedRecord(
            self.organization, self.meter, self.key, self.quantity, self.recorded_at, self.service
        )


class UsageBatchIn(Sent):
    """Records that are counted together or not at all."""

    records: Annotated[
        list[Annotated[UsageRecordIn, Counted]], Field(min_length=1, max_length=MOST_RECORDS)
    ]

    def reported(self) -> list[ReportedRecord]:
        """Return the records in plain values."""
        return [record.reported() for record in self.records]


class UsageBatchOut(Told):
    """How many records were counted, and the indexes of those already counted."""

    recorded: int
    duplicates: list[int]


class UsageRepeatOut(Told):
    """A restore of the ledger: batches that were sent since then may be forgotten.

    `is_open` until a person has released the ledger: what arrives by then is on the bills that
    wait; later it is on the next ones. `since` may move to an earlier instant until then.
    """

    since: Instant
    noticed_at: Instant
    is_open: bool

    @classmethod
    def of(cls, restore: Restore) -> Self:
        """Read a restore."""
        return cls(
            since=restore.since,
            noticed_at=restore.noticed_at,
            is_open=restore.released_at is None,
        )


class UsageRepeatsOut(Told):
    """The last restores, the newest first; usually none."""

    repeats: list[UsageRepeatOut]


class UsageKeysIn(Sent):
    """The keys of records of one organization, as they were sent."""

    keys: Annotated[list[Annotated[Key, Counted]], Field(min_length=1, max_length=MOST_KEYS)]


class CancellationIn(UsageKeysIn):
    """Records that are canceled together or not at all, and why."""

    reason: Reason


class CanceledOut(Told):
    """Records of a meter that were canceled now, and what that changed of the bill."""

    meter: str
    records: int
    quantity: ExactDecimal
    amount_cents: int


class CancellationOut(Told):
    """What was canceled now, by meter, and the indexes of the keys that were before."""

    canceled: list[CanceledOut]
    amount_cents: int
    repeated: list[int]

    @classmethod
    def of(cls, done: Canceled) -> Self:
        """Read what was done."""
        return cls(
            canceled=[CanceledOut.model_validate(one) for one in done.tallies],
            amount_cents=done.cents,
            repeated=list(done.repeated),
        )
