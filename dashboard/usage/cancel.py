"""Usage that its sender takes back: it is kept with that reason, and is never billed again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.cause import Cause
from dashboard.billing.fold import count_waiting
from dashboard.billing.locks import lock_row
from dashboard.billing.policy import current_policy
from dashboard.billing.rebill import rebill
from dashboard.billing.roll import open_invoices
from dashboard.errors import Busy, Invalid
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.exact import plain, total
from dashboard.usage import arrays
from dashboard.usage.reported import Problem
from dashboard.usage.shifts import Shift
from dashboard.usage.taken_off import CANCELED, Tally

# How often what waits is counted before the caller is asked to come again.
TRIES = 3

# By the key first: it says in which month's partition the record is.
FOUND = """
    with asked as (
        select * from unnest(cast(:keys as text[])) as asked (key)
    ), found as (
        select records.*, off.reason, exists (
            select from usage_waiting as waiting
            where waiting.organization_id = :organization
              and waiting.received_at = records.received_at
              and waiting.price_version_id = records.price_version_id
              and waiting.service_id is not distinct from records.service_id
              and waiting.day = cast(records.recorded_at at time zone 'UTC' as date)
        ) as waits
        from asked
        join usage_keys as keys on keys.organization_id = :organization and keys.key = asked.key
        join usage_records as records on records.organization_id = :organization
          and records.key = keys.key and records.recorded_at = keys.recorded_at
        left join usage_taken_off as off
          on off.organization_id = :organization and off.key = records.key
         and off.recorded_at = records.recorded_at
    )
"""
READ = text(f"{FOUND} select key, recorded_at, reason, waits from found")  # noqa: S608
SHIFTED = """
    select meter, cycle_id, case when reason is null then price_version_id end as from_version,
           service_id as from_service, null as to_version, null as to_service,
           cast(recorded_at at time zone 'UTC' as date) as day,
           count(*) as records, sum(quantity) as quantity
    from found where reason is distinct from 'canceled' and not waits
    group by 1, 2, 3, 4, 7 order by 1, 7
"""
LOOK = text(FOUND + SHIFTED)
# What had been taken off already keeps since when, and the service that did it; this reason is the
# stronger one, as no attachment puts the record back.
WRITE = text(f"""
    {FOUND}, written as (
        insert into usage_taken_off
            (organization_id, key, recorded_at, reason, service_id, taken_off_at)
        select :organization, key, recorded_at, 'canceled',
               coalesce(service_id, (
                   select max(services.id) from services
                   join prices on prices.id = services.price_id
                   where services.organization_id = :organization and prices.meter = found.meter)),
               :now
        from found where reason is distinct from 'canceled'
        on conflict (organization_id, key, recorded_at) do update set reason = excluded.reason
    )
    {SHIFTED}
""")  # noqa: S608  its parts are the constants above


class Known(NamedTuple):
    """A record that was accepted: why it is not billed, and whether it waits to be counted."""

    recorded_at: datetime
    reason: str | None
    waits: bool


@dataclass(frozen=True, slots=True)
class Canceled:
    """What was taken back now, by meter, and the indexes of the keys that were before.

    A tally's `amount_cents` is the change to the open invoices, in the organization's currency.
    """

    tallies: Sequence[Tally]
    repeated: Sequence[int]

    @property
    def records(self) -> int:
        """How many records were taken back now."""
        return sum(one.records for one in self.tallies)

    @property
    def cents(self) -> int:
        """By how much the open invoices changed, in minor units."""
        return sum(one.amount_cents or 0 for one in self.tallies)


class CancellationRefused(Invalid):
    """A key that no record can be taken back for; nothing was changed."""

    code = "cancellation_refused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        count = f"{len(problems)} of its records" if len(problems) > 1 else "one of its records"
        super().__init__(
            f"Nothing was canceled: {count} cannot be. Correct or leave out the listed keys and "
            "send the others again.",
            errors=[asdict(problem) for problem in problems],
        )


def cancel_usage(
    organization: Organization, keys: Sequence[str], *, reason: str, now: datetime, actor: Actor
) -> Canceled:
    """Take back the records of these keys, all or none; the same again changes nothing.

    The bill becomes the one that it would be had they never been sent; what lies on sealed invoices
    is corrected on the current one. A key stays taken: what is right is sent under another. Raises
    CancellationRefused with each key by its index, Busy while senders keep adding to what waits.
    """
    lock_row(organization)
    locked = open_invoices([organization], now=now)
    for _ in range(TRIES):
        count_waiting(locked, now=now)
        known = _read(organization, keys)
        if not any(one.waits for one in known.values()):
            break
    else:
        raise Busy("This usage is just being counted. Nothing was canceled. Send it again.")
    check_cancelable(keys, known, now=now)
    cause = Cause("cancellation", now, actor)
    tallies = []
    for meter, shifts in _shifts(WRITE, organization, keys, now=now).items():
        cents = rebill(organization.id, [one for one in shifts if one.from_version], locked, cause)
        records, units = sum(one.records for one in shifts), total(one.quantity for one in shifts)
        tallies.append(Tally(records, units, meter, cents))
        facts = {
            "records": records, "quantity": plain(units), "meter": meter, "cents": cents,
            "currency": organization.currency,
        }  # fmt: skip
        write_entry("usage.canceled", organization, actor, facts, now=now, reason=reason)
    first = {key: index for index, key in reversed(list(enumerate(keys)))}
    repeated = [
        index
        for index, key in enumerate(keys)
        if known[key].reason == CANCELED or first[key] != index
    ]
    return Canceled(tallies, repeated)


def look_at_cancellation(
    organization: Organization, keys: Sequence[str], *, now: datetime
) -> list[Shift]:
    """Return what `cancel_usage` would take back of what is counted; raises what it would.

    What was taken off already is billed by nothing and moves nothing (`from_version` is None).
    """
    check_cancelable(keys, _read(organization, keys), now=now)
    found = _shifts(LOOK, organization, keys)
    return [one for shifts in found.values() for one in shifts]


def check_cancelable(keys: Sequence[str], known: Mapping[str, Known], *, now: datetime) -> None:
    """Raise CancellationRefused for keys that are unknown, or of usage too old to be moved."""
    policy = current_policy()
    problems = []
    for index, key in enumerate(keys):
        found = known.get(key)
        if found is None:
            detail = f"No record was accepted under the key {key}."
            problems.append(Problem(index, "keys", "unknown_key", detail))
        elif found.reason != CANCELED and found.recorded_at < now - policy.max_age:
            detail = (
                f"It is of more than {policy.usage_max_age_days} days ago. Add a credit with a "
                "reason instead."
            )
            problems.append(Problem(index, "keys", "too_old", detail))
    if problems:
        raise CancellationRefused(problems)


def _read(organization: Organization, keys: Sequence[str]) -> dict[str, Known]:
    rows = db.session.execute(READ, _asked(organization, keys))
    return {key: Known(*rest) for key, *rest in rows}


def _shifts(
    statement: Any, organization: Organization, keys: Sequence[str], **more: object
) -> dict[str, list[Shift]]:
    found: dict[str, list[Shift]] = defaultdict(list)
    for meter, *rest in db.session.execute(statement, _asked(organization, keys) | more):
        found[meter].append(Shift(*rest))
    return found


def _asked(organization: Organization, keys: Sequence[str]) -> dict[str, object]:
    return {"organization": organization.id, "keys": arrays.texts(dict.fromkeys(keys))}
