"""Who was not let in goes on record, without what they typed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from dashboard.accounts.models import User
from dashboard.accounts.sessions import Device
from dashboard.accounts.sign_in import actor_of
from dashboard.audit.actor import NOBODY
from dashboard.audit.write import write_entry
from dashboard.email_address import known_as
from dashboard.extensions import db
from dashboard.text import shown

LONGEST_DOMAIN = 60


def refuse_sign_in(email: str, *, device: Device, now: datetime) -> None:
    """Put on record that somebody tried to sign in with `email`, and where.

    Of an address that is nobody's only so much is kept as tells a slip from an attack: people type
    their password in there too.
    """
    user = db.session.scalar(select(User).where(User.email == known_as(email)))
    facts = {"device": device.name, "address": device.address}
    if user is None:
        facts["email"] = masked(email)
    write_entry("session.refused", user or User(), NOBODY, facts, now=now)


def refuse_proof(user: User, *, address: str | None, now: datetime) -> None:
    """Put on record that somebody in a session of `user` did not know the password."""
    write_entry("session.proof_refused", user, actor_of(user), {"address": address}, now=now)


def masked(email: str) -> str | None:
    """Return the first letter and the domain of an address; None for text that is no address."""
    name, at, domain = email.strip().lower().rpartition("@")
    if not name or "." not in domain:
        return None
    return shown(f"{name[0]}…{at}{domain}", most=LONGEST_DOMAIN)
