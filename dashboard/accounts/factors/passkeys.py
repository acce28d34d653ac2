"""Passkeys: a device signs what we ask with a key that never leaves it (WebAuthn)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

import structlog
from sqlalchemy import select
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from dashboard.accounts.factors.models import Passkey
from dashboard.accounts.locks import held, lock_user
from dashboard.accounts.models import User
from dashboard.accounts.sign_in import actor_of
from dashboard.audit.write import write_entry
from dashboard.errors import Conflict, Invalid
from dashboard.extensions import db
from dashboard.text import printable

MOST_PASSKEYS = 20
LONGEST_NAME = 80
# A page may be open for so long before its question is answered.
QUESTION_LIFE = timedelta(hours=1)
log = structlog.get_logger("dashboard.accounts.factors")


@dataclass(frozen=True, slots=True)
class Place:
    """Where passkeys are used: browsers bind each of them to this host."""

    origin: str

    @property
    def host(self) -> str:
        """The name by which devices keep them."""
        return urlsplit(self.origin).hostname or ""

    @property
    def is_named(self) -> bool:
        """Whether it has a name: no browser keeps passkeys for a bare address."""
        try:
            ip_address(self.host)
        except ValueError:
            return True
        return False


class Question(NamedTuple):
    """What a browser was asked to sign, and when; empty where it was asked nothing."""

    challenge: bytes = b""
    asked_at: datetime | None = None


def options_to_add(user: User, place: Place) -> tuple[str, bytes]:
    """Return what a browser is asked to make a passkey by, as JSON, and the challenge in it."""
    options = generate_registration_options(
        rp_id=place.host,
        rp_name="Billing dashboard",
        user_id=_handle(user.id),
        user_name=user.email,
        user_display_name=user.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(passkeys_of(user.id)),
    )
    return options_to_json(options), options.challenge


def options_to_check(passkeys: Sequence[Passkey], place: Place) -> tuple[str, bytes]:
    """Return what a browser is asked to sign, as JSON, and the challenge in it.

    With no passkeys any that it has for this host will do, and says whose it is.
    """
    options = generate_authentication_options(
        rp_id=place.host,
        allow_credentials=_descriptors(passkeys) or None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options), options.challenge


def keep_passkey(
    user: User, answer: str, name: str, *, challenge: bytes, place: Place, now: datetime
) -> Passkey:
    """Return the new passkey that the browser of `user` made; raises `Invalid` if it made none."""
    lock_user(user.id)
    if len(passkeys_of(user.id)) >= MOST_PASSKEYS:
        raise Conflict(
            f"{MOST_PASSKEYS} passkeys is the limit. Nothing was changed. Remove one first."
        )
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except _WRONG as error:
        log.warning("passkey_refused", error=repr(error))
        raise Invalid(
            "The device's answer could not be verified. Nothing was changed. Try again.",
            field="credential",
        ) from error
    if db.session.scalar(select(Passkey.id).where(Passkey.credential_id == made.credential_id)):
        raise Conflict("This passkey is already added. Nothing was changed.")
    passkey = Passkey(
        user_id=user.id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=printable(name).strip()[:LONGEST_NAME] or "Passkey",
        created_at=now,
    )
    db.session.add(passkey)
    facts = {"factor": "passkey", "name": passkey.name}
    write_entry("factor.added", user, actor_of(user), facts, now=now)
    return passkey


def who_signed(answer: str, question: Question, *, place: Place, now: datetime) -> User | None:
    """Return the active user, locked, whose passkey signed the question; None if none did.

    A question counts once: the browser forgets it, but whoever has copied the answer and the cookie
    could send both again, and most devices count nothing. So none is answered that was asked
    before the passkey was used last.
    """
    try:
        credential_id = parse_authentication_credential_json(answer).raw_id
        passkey = _locked(credential_id)
        user = db.session.get(User, passkey.user_id) if passkey else None
        if passkey is None or user is None or not user.is_active:
            return None
        if not _is_new(question, passkey, now):
            log.warning("passkey_refused", error="the question is old or was answered")
            return None
        checked = verify_authentication_response(
            credential=answer,
            expected_challenge=question.challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _WRONG as error:
        log.warning("passkey_refused", error=repr(error))
        return None
    passkey.sign_count, passkey.last_used_at = checked.new_sign_count, now
    return user


def passkeys_of(user_id: int) -> Sequence[Passkey]:
    """Return the passkeys of a person, oldest first."""
    query = select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)
    return db.session.scalars(query).all()


# What the library raises for answers that somebody made up; of the last ones it says nothing.
_WRONG = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError)


def _is_new(question: Question, passkey: Passkey, now: datetime) -> bool:
    asked_at = question.asked_at
    if asked_at is None or now - asked_at > QUESTION_LIFE:
        return False
    return passkey.last_used_at is None or passkey.last_used_at <= asked_at


def _locked(credential_id: bytes) -> Passkey | None:
    """Return the passkey of that name, its owner locked first, as whoever removes it does."""
    wanted = select(Passkey).where(Passkey.credential_id == credential_id)
    user_id = db.session.scalar(wanted.with_only_columns(Passkey.user_id))
    if user_id is None or lock_user(user_id) is None:
        return None
    return db.session.scalar(held(wanted))


def _descriptors(passkeys: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one.credential_id) for one in passkeys]


def _handle(user_id: int) -> bytes:
    return str(user_id).encode()
