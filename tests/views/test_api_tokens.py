"""API tokens, made and revoked by an admin."""

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
    answer = post(admin, ADDRESS, **({"name": "metering", "scopes": ["usage:write"]} | fields))
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
