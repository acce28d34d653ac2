"""Whom a provider's word signs in, as whom, and what its claims change."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.accounts.by_provider import NotKnown, person_of, role_told
from dashboard.accounts.invitations import invite, withdraw
from dashboard.accounts.models import User
from dashboard.accounts.passwords import NO_PASSWORD
from dashboard.accounts.people import deactivate
from dashboard.accounts.reset import ResetLinkEnded, reset_token, user_of_reset
from dashboard.accounts.sign_in import sign_in
from dashboard.audit.actor import SYSTEM
from dashboard.audit.models import AuditEntry
from dashboard.extensions import db as database
from dashboard.sign_on.records import Claims, Rules
from tests.factories import UserFactory, make_organization

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ADA = Claims("https://id.acme.com", "0001", "Ada@Example.com", is_email_verified=True, name="Ada")
INVITED_ONLY = Rules()
ROLES = {"billing-admins": "admin", "help-desk": "support", "readers": "customer"}
BY_CLAIMS = Rules(ROLES, admits=True)
FOLLOWS = Rules(ROLES)


def told(*values: str, claims: Claims = ADA) -> Claims:
    """Return the claims with these values of roles."""
    return replace(claims, values=frozenset(values))


def actions() -> list[str]:
    """Return what is on record, oldest first."""
    return list(database.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_who_is_known_by_a_verified_e_mail_is_known_by_name_from_then_on(db: SQLAlchemy) -> None:
    user = UserFactory(email="ada@example.com")
    assert person_of(ADA, INVITED_ONLY, now=NOW) is user
    moved = replace(ADA, email="ada@elsewhere.com")
    assert person_of(moved, INVITED_ONLY, now=NOW) is user
    assert user.email == "ada@elsewhere.com"
    assert actions() == ["person.linked", "person.email_changed"]


def test_an_e_mail_that_is_not_verified_makes_nobody_known(db: SQLAlchemy) -> None:
    UserFactory(email="ada@example.com")
    for wrong in (
        replace(ADA, is_email_verified=False),
        replace(ADA, email=None),
        replace(ADA, email="nobody"),
    ):
        with pytest.raises(NotKnown):
            person_of(wrong, INVITED_ONLY, now=NOW)
    assert actions() == []


def test_who_is_known_signs_in_while_a_new_e_mail_waits_to_be_verified(db: SQLAlchemy) -> None:
    user = UserFactory(email="ada@example.com")
    person_of(ADA, INVITED_ONLY, now=NOW)
    waits = replace(ADA, email="new@example.com", is_email_verified=False)
    assert person_of(waits, INVITED_ONLY, now=NOW) is user
    assert user.email == "ada@example.com"


def test_an_e_mail_that_is_somebody_elses_here_is_not_taken_over(db: SQLAlchemy) -> None:
    user = UserFactory(email="ada@example.com")
    UserFactory(email="bob@example.com")
    person_of(ADA, INVITED_ONLY, now=NOW)
    assert person_of(replace(ADA, email="bob@example.com"), INVITED_ONLY, now=NOW) is user
    assert user.email == "ada@example.com"


def test_a_link_to_the_old_address_opens_nothing_any_more(db: SQLAlchemy) -> None:
    user = UserFactory(email="ada@example.com")
    person_of(ADA, INVITED_ONLY, now=NOW)
    mailed = reset_token(user, ["a key of the tests"])
    person_of(replace(ADA, email="ada@elsewhere.com"), INVITED_ONLY, now=NOW)
    with pytest.raises(ResetLinkEnded):
        user_of_reset(mailed, ["a key of the tests"])


def test_another_account_of_the_provider_with_the_same_e_mail_is_somebody_else(
    db: SQLAlchemy,
) -> None:
    UserFactory(email="ada@example.com")
    person_of(ADA, INVITED_ONLY, now=NOW)
    with pytest.raises(NotKnown, match="another account"):
        person_of(replace(ADA, subject="0002"), INVITED_ONLY, now=NOW)


def test_another_provider_calls_somebody_else_by_the_same_name(db: SQLAlchemy) -> None:
    ada = UserFactory(email="ada@example.com")
    bob = UserFactory(email="bob@example.com")
    other = replace(ADA, issuer="https://id.other.com", email="bob@example.com")
    assert person_of(ADA, INVITED_ONLY, now=NOW) is ada
    assert person_of(other, INVITED_ONLY, now=NOW) is bob


def test_who_is_invited_comes_in_by_the_provider(db: SQLAlchemy) -> None:
    acme = make_organization("acme")
    invite("ada@example.com", "customer", organization_id=acme.id, actor=SYSTEM, now=NOW)
    user = person_of(ADA, INVITED_ONLY, now=NOW)
    assert (user.email, user.name, user.role) == ("ada@example.com", "Ada", "customer")
    assert [one.organization_id for one in user.memberships] == [acme.id]
    assert user.password_hash == NO_PASSWORD
    assert actions()[1:] == ["invitation.created", "invitation.accepted", "person.linked"]


def test_who_has_no_password_does_not_sign_in_by_one(db: SQLAlchemy) -> None:
    UserFactory(email="ada@example.com", password_hash=NO_PASSWORD)
    for password in ("", NO_PASSWORD, "nobody has this password"):
        assert sign_in("ada@example.com", password) is None


def test_who_is_not_invited_stays_outside(db: SQLAlchemy) -> None:
    invitation = invite("ada@example.com", "support", actor=SYSTEM, now=NOW)
    withdraw(invitation, actor=SYSTEM, now=NOW)
    with pytest.raises(NotKnown, match=r"ada@example\.com is not invited"):
        person_of(told("help-desk"), FOLLOWS, now=NOW)
    assert db.session.scalars(select(User)).all() == []


def test_claims_admit_where_the_settings_say_so(db: SQLAlchemy) -> None:
    user = person_of(told("help-desk"), BY_CLAIMS, now=NOW)
    assert (user.email, user.role) == ("ada@example.com", "support")
    assert actions() == ["person.admitted", "person.linked"]
    with pytest.raises(NotKnown, match="not invited"):
        person_of(
            told("nothing", claims=replace(ADA, subject="2", email="b@example.com")),
            BY_CLAIMS,
            now=NOW,
        )


def test_a_name_that_cannot_be_shown_becomes_one_that_can(db: SQLAlchemy) -> None:
    user = person_of(told("readers", claims=replace(ADA, name="A\u202ed\x00a")), BY_CLAIMS, now=NOW)
    assert user.name == "Ada"
    blank = replace(ADA, name=" \n", subject="0002", email="blank@example.com")
    assert person_of(told("readers", claims=blank), BY_CLAIMS, now=NOW).name == "blank@example.com"


@pytest.mark.parametrize(
    ("values", "role"),
    [
        (["help-desk", "billing-admins", "readers"], "admin"),
        (["readers", "help-desk"], "support"),
        (["readers"], "customer"),
        (["Billing-Admins"], None),
        ([], None),
    ],
)
def test_the_highest_of_the_roles_that_are_told_holds(values: list[str], role: str | None) -> None:
    assert role_told(told(*values), FOLLOWS) == role


def test_a_role_follows_the_claims_at_each_sign_in(db: SQLAlchemy) -> None:
    UserFactory(email="boss@example.com", role="admin")
    user = UserFactory(email="ada@example.com", role="support")
    told_roles = ((["billing-admins"], "admin"), (["help-desk"], "support"), ([], "customer"))
    for values, role in told_roles:
        assert person_of(told(*values), FOLLOWS, now=NOW).role == role
    assert user.role == "customer"


def test_without_a_claim_of_roles_an_admin_decides(db: SQLAlchemy) -> None:
    user = UserFactory(email="ada@example.com", role="support")
    person_of(told("billing-admins"), INVITED_ONLY, now=NOW)
    assert user.role == "support"


def test_the_last_admin_stays_one_whatever_the_claims(db: SQLAlchemy) -> None:
    user = UserFactory(email="ada@example.com", role="admin")
    assert person_of(told("help-desk"), FOLLOWS, now=NOW).role == "admin"
    UserFactory(email="boss@example.com", role="admin")
    db.session.flush()
    assert person_of(told("help-desk"), FOLLOWS, now=NOW) is user
    assert user.role == "support"


def test_who_was_deactivated_stays_outside(db: SQLAlchemy) -> None:
    user = UserFactory(email="ada@example.com")
    person_of(ADA, INVITED_ONLY, now=NOW)
    deactivate(user, actor=SYSTEM, now=NOW)
    db.session.flush()
    with pytest.raises(NotKnown, match="Your account is deactivated"):
        person_of(told("billing-admins"), BY_CLAIMS, now=NOW)
    assert user.role == "customer"


@pytest.mark.parametrize("subject", ["", "x" * 256])
def test_a_name_of_the_provider_that_cannot_be_kept_is_refused(
    db: SQLAlchemy, subject: str
) -> None:
    UserFactory(email="ada@example.com")
    with pytest.raises(NotKnown, match="cannot be saved"):
        person_of(replace(ADA, subject=subject), INVITED_ONLY, now=NOW)
