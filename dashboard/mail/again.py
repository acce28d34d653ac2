"""Send a mail about a bill once more, as support asks for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from dashboard.extensions import db
from dashboard.mail.bills import NEWS
from dashboard.mail.models import Mail


def send_again(mail: Mail, address: str, *, now: datetime) -> tuple[Mail, bool]:
    """Return the mail that says the same once more, to `address`, and whether it is new.

    Of each mail there is one: whoever asks again, by a second click, gets the same.
    """
    row = {
        "kind": mail.kind,
        "address": address,
        "occasion": f"{str(mail.occasion).partition('~')[0]}~{mail.id}",
        "organization_id": mail.organization_id,
        "invoice_id": mail.invoice_id,
        "correction_id": mail.correction_id,
        "sent_again_id": mail.id,
        "created_at": now,
        "next_attempt_at": now,
        "ends_at": now + NEWS,
        "attempts": 0,
    }
    added = insert(Mail).values(row).on_conflict_do_nothing().returning(Mail.id)
    is_new = db.session.scalar(added) is not None
    found = select(Mail).where(Mail.occasion == row["occasion"], Mail.address == address)
    return db.session.scalars(found).one(), is_new


def newest_of(mail: Mail) -> Mail:
    """Return the last that was asked for of a mail, or itself."""
    newest = mail
    while True:
        query = select(Mail).where(Mail.sent_again_id == newest.id).order_by(Mail.id.desc())
        following = db.session.scalars(query.limit(1)).first()
        if following is None:
            return newest
        newest = following
