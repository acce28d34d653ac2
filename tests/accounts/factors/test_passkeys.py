"""A passkey signs somebody in if it signed this very question, here, and its owner was asked."""

from datetime import UTC, datetime, timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.accounts.factors.held import factors_of
from dashboard.accounts.factors.models import Passkey
from dashboard.accounts.factors.passkeys import (
    MOST_PASSKEYS,
    QUESTION_LIFE,
    Place,
    Question,
    keep_passkey,
    options_to_add,
    options_to_check,
    passkeys_of,
    who_signed,
)
from dashboard.accounts.models import User
from dashboard.accounts.people import deactivate
from dashboard.audit.actor import SYSTEM
from dashboard.errors import Conflict, Invalid
from tests.factories import UserFactory
from tests.support.authenticator import Device

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HERE = Place("http://localhost:8000")


def keep(user: User, device: Device, name: str = "Telephone") -> Passkey:
    """Add the passkey of a device."""
    options, challenge = options_to_add(user, HERE)
    answer = device.create(options)
    return keep_passkey(user, answer, name, challenge=challenge, place=HERE, now=NOW)


def signs(
    device: Device,
    challenge: bytes | None = None,
    *,
    place: Place = HERE,
    asked_at: datetime | None = NOW,
) -> User | None:
    """Return whom the device signs in."""
    options, asked = options_to_check((), HERE)
    question = Question(asked if challenge is None else challenge, asked_at)
    return who_signed(device.get(options), question, place=place, now=NOW)


def test_a_device_signs_its_owner_in(db: SQLAlchemy) -> None:
    user, device = UserFactory(), Device()
    passkey = keep(user, device)
    assert factors_of(user.id)
    assert signs(device) is user
    assert (passkey.sign_count, passkey.last_used_at) == (1, NOW)
    assert signs(device) is user


def test_a_device_that_was_never_kept_signs_nobody_in(db: SQLAlchemy) -> None:
    keep(UserFactory(), Device())
    assert signs(Device()) is None


def test_another_key_of_the_same_name_signs_nobody_in(db: SQLAlchemy) -> None:
    device = Device()
    keep(UserFactory(), device)
    assert signs(Device(credential_id=device.credential_id)) is None


def test_an_answer_to_another_question_is_none(db: SQLAlchemy) -> None:
    device = Device()
    keep(UserFactory(), device)
    assert signs(device, challenge=b"another") is None
    assert signs(device, challenge=b"") is None


def test_an_answer_given_on_another_page_is_none(db: SQLAlchemy) -> None:
    device = Device()
    keep(UserFactory(), device)
    device.origin = "https://evil.test"
    assert signs(device) is None
    device.origin = "http://localhost:8000"
    assert signs(device, place=Place("http://other.test:8000")) is None


def test_a_device_that_did_not_ask_its_owner_is_not_believed(db: SQLAlchemy) -> None:
    user, device = UserFactory(), Device()
    keep(user, device)
    device.verifies = False
    assert signs(device) is None
    with pytest.raises(Invalid, match="could not be verified"):
        keep(user, Device(verifies=False))


def test_a_copy_of_a_device_that_lags_behind_is_not_believed(db: SQLAlchemy) -> None:
    user, device = UserFactory(), Device(count=7)
    keep(user, device)
    assert signs(device) is user
    device.count = 3
    assert signs(device) is None


def test_an_answer_counts_once_also_of_a_device_that_counts_nothing(db: SQLAlchemy) -> None:
    user, device = UserFactory(), Device()
    keep(user, device)
    device.count = -1
    options, challenge = options_to_check((), HERE)
    answer, question = device.get(options), Question(challenge, NOW)
    later = NOW + timedelta(seconds=1)
    assert device.count == 0
    assert who_signed(answer, question, place=HERE, now=later) is user
    assert who_signed(answer, question, place=HERE, now=later) is None
    device.count = -1
    again = Question(options_to_check((), HERE)[1], later)
    assert who_signed(answer, again, place=HERE, now=later) is None


def test_a_question_of_an_old_page_or_of_nobody_is_not_answered(db: SQLAlchemy) -> None:
    user, device = UserFactory(), Device()
    keep(user, device)
    assert signs(device, asked_at=None) is None
    assert signs(device, asked_at=NOW - QUESTION_LIFE - timedelta(seconds=1)) is None
    assert signs(device, asked_at=NOW - QUESTION_LIFE) is user


def test_a_deactivated_owner_is_not_signed_in(db: SQLAlchemy) -> None:
    user, device = UserFactory(), Device()
    keep(user, device)
    deactivate(user, actor=SYSTEM, now=NOW)
    db.session.flush()
    assert signs(device) is None


def test_a_passkey_made_for_another_question_or_page_is_not_kept(db: SQLAlchemy) -> None:
    user = UserFactory()
    options, challenge = options_to_add(user, HERE)
    answer = Device().create(options)
    for wrong in ({"challenge": b"another", "place": HERE}, {"place": Place("https://evil.test")}):
        told = {"challenge": challenge, "now": NOW} | wrong
        with pytest.raises(Invalid):
            keep_passkey(user, answer, "Telephone", **told)
    assert passkeys_of(user.id) == []


@pytest.mark.parametrize("answer", ["", "{}", "null", "[1]", '{"id": "AA"}', "\x00", "{" * 500])
def test_what_is_no_answer_is_refused(db: SQLAlchemy, answer: str) -> None:
    with pytest.raises(Invalid):
        keep_passkey(UserFactory(), answer, "x", challenge=b"x", place=HERE, now=NOW)
    assert who_signed(answer, Question(b"x", NOW), place=HERE, now=NOW) is None


def test_nobody_takes_over_the_passkey_of_somebody_else(db: SQLAlchemy) -> None:
    owner, device = UserFactory(), Device()
    keep(owner, device)
    with pytest.raises(Conflict, match="already added"):
        keep(UserFactory(), device)
    assert signs(device) is owner


def test_a_device_is_not_asked_for_a_second_passkey(db: SQLAlchemy) -> None:
    user, device = UserFactory(), Device()
    passkey = keep(user, device)
    options, _ = options_to_add(user, HERE)
    assert '"excludeCredentials": [{"id"' in options
    checked, _ = options_to_check([passkey], HERE)
    assert '"allowCredentials": [{"id"' in checked


def test_there_are_only_so_many(db: SQLAlchemy) -> None:
    user = UserFactory()
    for _ in range(MOST_PASSKEYS):
        keep(user, Device())
    with pytest.raises(Conflict, match="is the limit"):
        keep(user, Device())


def test_a_name_that_cannot_be_shown_becomes_one_that_can(db: SQLAlchemy) -> None:
    user = UserFactory()
    keep(user, Device(), "Tele\u202ephone\x00")
    keep(user, Device(), "  ")
    names = db.session.scalars(select(Passkey.name).order_by(Passkey.id)).all()
    assert names == ["Telephone", "Passkey"]


@pytest.mark.parametrize(
    ("origin", "is_named"),
    [("https://billing.acme.com", True), ("http://localhost:8000", True),
     ("http://127.0.0.1:8000", False), ("http://[::1]:8000", False)],
)  # fmt: skip
def test_a_bare_address_has_no_passkeys(origin: str, is_named: bool) -> None:
    assert Place(origin).is_named is is_named
