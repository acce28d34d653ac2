"""API tokens, made and revoked by an admin."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.accounts.models import ApiToken
from dashboard.accounts.tokens import verify
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from tests.pages import page, post, text_of

ADDRESS = "/api-tokens"


def make(admin: FlaskClient, **fields: object) -> str:
    """Make a token by the form and return its secret, as the page shows it."""
    answer = post(
        admin, ADDRESS, **({"name": "metering", "scopes": ["usage:write"], "days": "365"} | fields)
    )
    return page(answer, 201).select_one(".notice code").get_text(strip=True)


def test_the_secret_is_shown_once_and_works(admin: FlaskClient) -> None:
    secret = make(admin)
    assert verify(secret, now=utc_now()).scopes == ["usage:write"]
    assert secret not in admin.get(ADDRESS).text


def test_a_token_can_be_kept_to_one_organization(admin: FlaskClient, acme: Organization) -> None:
    assert verify(make(admin, slug="acme"), now=utc_now()).organization_id == acme.id


def test_the_list_says_whom_a_token_is_for(admin: FlaskClient, acme: Organization) -> None:
    make(admin, name="one", slug=" acme ")
    make(admin, name="every")
    rows = [text_of(row) for row in page(admin.get(ADDRESS)).select("tbody tr")]
    assert ["Acme Freight" in row for row in rows] == [False, True]
    assert ["All organizations" in row for row in rows] == [True, False]


def test_an_unknown_organization_makes_no_token_and_keeps_the_form(admin: FlaskClient) -> None:
    fields = {"name": "metering", "scopes": ["usage:write"], "slug": "nobody"}
    soup = page(post(admin, ADDRESS, **fields), 422)
    assert "no organization with the slug nobody" in text_of(soup.find(id="slug-error"))
    assert soup.find("input", attrs={"name": "name"})["value"] == "metering"
    assert soup.find("input", attrs={"value": "usage:write"}).has_attr("checked")
    assert db.session.scalar(select(ApiToken)) is None


def test_a_token_without_a_name_or_scope_is_not_made(admin: FlaskClient) -> None:
    words = text_of(page(post(admin, ADDRESS, name=""), 422))
    assert "Name the sub-system" in words
    assert "at least one scope" in words


def test_a_revoked_token_no_longer_works(admin: FlaskClient) -> None:
    secret = make(admin)
    token = db.session.scalars(select(ApiToken)).one()
    page(admin.get(f"{ADDRESS}/{token.id}/revocations/new"))
    post(admin, f"{ADDRESS}/{token.id}/revocations")
    db.session.expire_all()
    assert verify(secret, now=utc_now()) is None
    assert "Revoked" in text_of(page(admin.get(ADDRESS)))


def test_the_list_says_who_made_a_token_and_when_it_ends(admin: FlaskClient) -> None:
    make(admin, days="30")
    [row] = page(admin.get(ADDRESS)).select("tbody tr")
    words = text_of(row)
    assert "Ada" in words
    ends = utc_now() + timedelta(days=30)
    assert row.select_one('[data-label="Ends"] time')["datetime"].startswith(f"{ends:%Y-%m-%d}")


@pytest.mark.parametrize("days", ["0", "731", "many", ""])
def test_a_token_ends_within_the_time_that_the_settings_allow(
    admin: FlaskClient, days: str
) -> None:
    fields = {"name": "metering", "scopes": ["usage:write"], "days": days}
    soup = page(post(admin, ADDRESS, **fields), 422)
    assert "days" in text_of(soup.find(id="days-error"))
    assert db.session.scalar(select(ApiToken)) is None


def test_a_token_is_rotated_and_both_secrets_are_told_apart(admin: FlaskClient) -> None:
    old = make(admin)
    token = db.session.scalars(select(ApiToken)).one()
    form = page(admin.get(f"{ADDRESS}/{token.id}/rotations/new"))
    assert form.find("input", attrs={"name": "hours"})["value"] == "24"
    answer = page(post(admin, f"{ADDRESS}/{token.id}/rotations", hours="2", days="90"), 201)
    new = answer.select_one(".notice code").get_text(strip=True)
    assert "The old token" in text_of(answer)
    db.session.expire_all()
    soon, later = (utc_now() + timedelta(hours=hours) for hours in (1, 3))
    assert [verify(one, now=soon) is not None for one in (old, new)] == [True, True]
    assert [verify(one, now=later) is not None for one in (old, new)] == [False, True]
    # That they were used is not kept, and the rows are free.
    db.session.rollback()
    again = post(admin, f"{ADDRESS}/{token.id}/rotations", hours="2", days="90")
    assert "was already replaced" in text_of(page(again, 409))
