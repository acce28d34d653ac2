"""What each address wants to be mailed about an organization's bills."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from dashboard.extensions import db
from dashboard.mail.kinds import BILL_KINDS, CHOOSABLE
from dashboard.mail.models import MailChoice


def choose(
    organization_id: int, address: str, wanted: Mapping[str, bool], *, now: datetime
) -> None:
    """Keep what an address wants from now on, by kind."""
    table = insert(MailChoice)
    kept = table.on_conflict_do_update(
        index_elements=["organization_id", "address", "kind"],
        set_={"is_wanted": table.excluded.is_wanted, "chosen_at": table.excluded.chosen_at},
    )
    rows = [
        {
            "organization_id": organization_id,
            "address": address.lower(),
            "kind": kind,
            "is_wanted": is_wanted,
            "chosen_at": now,
        }
        for kind, is_wanted in sorted(wanted.items())
    ]
    db.session.execute(kept, rows)


def wanted_by(organization_id: int, address: str, *, is_billing: bool) -> dict[str, bool]:
    """Return for each kind that can be chosen whether an address gets it."""
    query = select(MailChoice.kind, MailChoice.is_wanted).where(
        MailChoice.organization_id == organization_id, MailChoice.address == address.lower()
    )
    chosen = {one.kind: one.is_wanted for one in db.session.execute(query)}
    kinds = CHOOSABLE if is_billing else BILL_KINDS.values()
    return {kind.name: chosen.get(kind.name, is_billing or kind.for_members) for kind in kinds}
