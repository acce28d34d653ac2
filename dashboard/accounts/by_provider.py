"""Whom a sign-on provider means: somebody known, somebody invited, or whom its claims admit."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import select

from dashboard.accounts.acceptance import admit
from dashboard.accounts.invitations import invitation_for
from dashboard.accounts.locks import lock_person
from dashboard.accounts.models import User
from dashboard.accounts.passwords import NO_PASSWORD
from dashboard.accounts.people import change_role
from dashboard.accounts.provider_models import LONGEST, ProviderSubject
from dashboard.accounts.sign_in import actor_of
from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.email_address import address_of_person
from dashboard.errors import BillingError, Conflict
from dashboard.extensions import db
from dashboard.sign_on.errors import NotSignedIn
from dashboard.sign_on.records import Claims, Rules
from dashboard.text import printable

PROVIDER = Actor("system", None, "Sign-on provider")
BY_RANK = ("admin", "support", "customer")
LONGEST_NAME = 200
log = structlog.get_logger("dashboard.accounts")


class NotKnown(NotSignedIn):
    """The provider knows them, and nobody here invited them."""


def person_of(claims: Claims, rules: Rules, *, now: datetime) -> User:
    """Return the active user whom verified claims are of, locked, with the role that they tell.

    Somebody is known by the provider's name for them; the first time by a verified e-mail. Raises
    `NotSignedIn` saying why nobody is signed in.
    """
    if len(claims.subject) > LONGEST or not claims.subject:
        raise NotKnown(
            "The provider's id for you cannot be saved. You are not signed in. Ask an admin."
        )
    known = db.session.scalar(
        select(ProviderSubject.user_id).where(
            ProviderSubject.issuer == claims.issuer, ProviderSubject.subject == claims.subject
        )
    )
    user = lock_person(known) if known is not None else _newcomer(claims, rules, now)
    if user is None or not user.is_active:
        raise NotKnown(
            "Your account is deactivated. You are not signed in. Ask an admin to reactivate it."
        )
    _follow_email(user, claims, now)
    _follow_role(user, claims, rules, now)
    return user


def role_told(claims: Claims, rules: Rules) -> str | None:
    """Return the highest role that the claims stand for, None for none."""
    told = {rules.role_of[value] for value in claims.values if value in rules.role_of}
    return next((role for role in BY_RANK if role in told), None)


def _newcomer(claims: Claims, rules: Rules, now: datetime) -> User | None:
    """Return who has this verified e-mail, known to the provider by its name from now on."""
    email = _verified_email(claims)
    user_id = db.session.scalar(select(User.id).where(User.email == email))
    user = lock_person(user_id) if user_id is not None else _admitted(email, claims, rules, now)
    if user is None:
        return None
    of_another = select(ProviderSubject.id).where(
        ProviderSubject.user_id == user.id, ProviderSubject.issuer == claims.issuer
    )
    if db.session.scalar(of_another) is not None:
        raise NotKnown(
            f"{email} belongs to another account of the provider. You are not signed in. Ask an "
            "admin."
        )
    linked = ProviderSubject(
        user_id=user.id, issuer=claims.issuer, subject=claims.subject, created_at=now
    )
    db.session.add(linked)
    facts = {"issuer": claims.issuer, "subject": claims.subject}
    write_entry("person.linked", user, actor_of(user), facts, now=now)
    return user


def _admitted(email: str, claims: Claims, rules: Rules, now: datetime) -> User:
    """Return the user that an invitation makes of somebody, or their claims."""
    name = printable(claims.name or email).strip()[:LONGEST_NAME] or email
    invitation = invitation_for(email, now=now)
    if invitation is not None:
        return admit(invitation, name, NO_PASSWORD, now=now)
    role = role_told(claims, rules)
    if not rules.admits or role is None:
        raise NotKnown(
            f"{email} is not invited. You are not signed in. Ask an admin for an invitation."
        )
    user = User(email=email, name=name, role=role, password_hash=NO_PASSWORD, created_at=now)
    db.session.add(user)
    write_entry("person.admitted", user, PROVIDER, {"email": email, "role": role}, now=now)
    return user


def _verified_email(claims: Claims) -> str:
    if claims.email is None:
        raise NotKnown(
            "The provider does not share your e-mail. You are not signed in. Ask an admin."
        )
    if not claims.is_email_verified:
        raise NotKnown(
            f"The provider has not verified that {claims.email} is yours. You are not signed in. "
            "Verify it there, then try again."
        )
    try:
        return address_of_person(claims.email)
    except BillingError:
        raise NotKnown(
            "The provider sends an e-mail that is not valid. You are not signed in. Ask an admin."
        ) from None


def _follow_email(user: User, claims: Claims, now: datetime) -> None:
    """Take over an e-mail that changed at the provider, unless it is somebody else's here."""
    if claims.email is None or not claims.is_email_verified:
        return
    email = _verified_email(claims)
    if email == user.email or db.session.scalar(select(User.id).where(User.email == email)):
        return
    facts = {"email": [user.email, email]}
    user.email = email
    # A link for a password that was mailed to the old address opens nothing any more.
    user.link_version += 1
    write_entry("person.email_changed", user, PROVIDER, facts, now=now)


def _follow_role(user: User, claims: Claims, rules: Rules, now: datetime) -> None:
    """Let `user` hold the role that the claims tell, where they tell roles at all.

    Who has none there is a customer. The last admin stays one: somebody has to manage people.
    """
    if not rules.role_of:
        return
    try:
        change_role(user, role_told(claims, rules) or "customer", actor=PROVIDER, now=now)
    except Conflict:
        log.warning("last_admin_kept", user_id=user.id)
