"""From what was reported to what is billed: a record's cycle, price version and service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from dashboard.billing.policy import current_policy
from dashboard.usage.books import Account, Attached, Books, Version
from dashboard.usage.reported import Problem, ReportedRecord


class ResolvedRecord(NamedTuple):
    """A record with everything it is billed by."""

    reported: ReportedRecord
    account: Account
    cycle_id: int
    version: Version
    service_id: int | None

    @property
    def is_modest(self) -> bool:
        """Whether it fits a line whatever was counted before."""
        return self.reported.quantity <= self.version.most_units


class Unresolved(Exception):
    """A record cannot be billed."""

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.field, self.code, self.detail = field, code, detail

    def at(self, index: int) -> Problem:
        """Return the problem of the record at `index`."""
        return Problem(index, self.field, self.code, self.detail)


class Resolver:
    """Resolves records against books that were read for them, as of `now`."""

    def __init__(self, books: Books, *, now: datetime) -> None:
        policy = current_policy()
        self._books = books
        self._oldest, self._newest = now - policy.max_age, now + policy.max_skew
        # The settings may have allowed less once: then keys of that age are gone.
        self._known_since = books.forgotten_until or self._oldest

    def resolve(self, record: ReportedRecord, account: Account) -> ResolvedRecord:
        """Return what `record` is billed by; raise Unresolved, saying why not."""
        instant = record.recorded_at
        if not self._oldest <= instant <= self._newest:
            raise _out_of_bounds(is_old=instant < self._oldest)
        if instant < self._known_since:
            raise _forgotten(self._known_since)
        cycle_id = _cycle(account, instant)
        service_id, price_id = self._service(record, account)
        return ResolvedRecord(
            record, account, cycle_id, self._version(price_id, record), service_id
        )

    def _service(self, record: ReportedRecord, account: Account) -> tuple[int | None, int]:
        every: Sequence[Attached] = account.services.get(record.meter, ())
        if len(every) == 1 and record.service is None and every[0].covers(record.recorded_at):
            return every[0].id, every[0].price_id
        named = (
            every
            if record.service is None
            else [one for one in every if one.external_id == record.service]
        )
        attached = [one for one in named if one.covers(record.recorded_at)]
        if len(attached) == 1:
            return attached[0].id, attached[0].price_id
        if not attached:
            raise self._not_attached(record, is_known=bool(named))
        prices = {one.price_id for one in attached}
        if len(prices) > 1:
            detail = f"Several prices count {record.meter} for this organization. Name the service."
            raise Unresolved("service", "ambiguous_meter", detail)
        return None, prices.pop()

    def _version(self, price_id: int, record: ReportedRecord) -> Version:
        for version in self._books.versions[record.meter].of_price.get(price_id, ()):
            if version.effective_at <= record.recorded_at:
                return version
        detail = f"{record.meter} had no price yet at {record.recorded_at.isoformat()}."
        raise Unresolved("recorded_at", "not_priced", detail)

    def _not_attached(self, record: ReportedRecord, *, is_known: bool) -> Unresolved:
        if is_known:
            detail = f"{record.meter} was not attached at {record.recorded_at.isoformat()}."
            return Unresolved("recorded_at", "not_attached", detail)
        if record.service is not None:
            detail = f"No service {record.service} with the meter {record.meter} was ever attached."
            return Unresolved("service", "unknown_service", detail)
        if not self._books.versions[record.meter].count:
            return Unresolved(
                "meter", "unknown_meter", f"No price counts the meter {record.meter}."
            )
        detail = f"No service with the meter {record.meter} was ever attached to the organization."
        return Unresolved("meter", "not_attached", detail)


def _cycle(account: Account, instant: datetime) -> int:
    for cycle_id, starts_at, ends_at in account.cycles:
        if starts_at <= instant < ends_at:
            return cycle_id
    if account.cycles and instant >= account.cycles[0].ends_at:
        opens = account.cycles[0].ends_at.isoformat()
        detail = f"Its cycle opens at {opens}. Send it again from then on."
        raise Unresolved("recorded_at", "cycle_not_open", detail)
    detail = "It is before the organization's first cycle, so it is not billed."
    raise Unresolved("recorded_at", "before_first_cycle", detail)


def _forgotten(since: datetime) -> Unresolved:
    detail = (
        f"Keys from before {since.isoformat()} are not kept, so it may already be counted. Add a "
        "charge instead."
    )
    return Unresolved("recorded_at", "too_old", detail)


def _out_of_bounds(*, is_old: bool) -> Unresolved:
    policy = current_policy()
    if is_old:
        detail = f"It is more than {policy.usage_max_age_days} days old. Add a charge instead."
        return Unresolved("recorded_at", "too_old", detail)
    detail = f"It is more than {policy.usage_max_skew_seconds} seconds ahead of our clock."
    return Unresolved("recorded_at", "too_far_ahead", detail)
