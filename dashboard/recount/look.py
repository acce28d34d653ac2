"""Work one organization out anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from dashboard.recount.difference import Difference
from dashboard.recount.of_charges import charge_differences, total_differences
from dashboard.recount.of_fees import fee_differences
from dashboard.recount.of_usage import UsageRecount
from dashboard.recount.read import read_facts, snapshot
from dashboard.recount.usage import read_usage


@dataclass(frozen=True, slots=True)
class Recounted:
    """How many usage records and items were worked out, and where the ledger is something else."""

    records: int
    items: int
    differences: Sequence[Difference]


def recount(organization_id: int) -> Recounted:
    """Work out anew what an organization owes, in one moment of the database; nothing is locked."""
    with snapshot() as connection:
        return recount_in(connection, organization_id)


def recount_in(connection: Connection, organization_id: int) -> Recounted:
    """Work it out in the moment that a connection sees; nothing where there is none such."""
    facts = read_facts(connection, organization_id)
    if facts is None:
        return Recounted(0, 0, [])
    usage = read_usage(connection, facts)
    found = [
        *UsageRecount(connection, facts, usage).differences(),
        *fee_differences(facts),
        *charge_differences(facts),
        *total_differences(facts),
    ]
    return Recounted(usage.records, len(facts.items), found)
