"""API tokens: made, shown once, rotated, revoked."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.accounts.rotation import rotate_token
from dashboard.accounts.tokens import (
    count_live,
    create_token,
    list_tokens,
    revoke_token,
    state_of,
    token_by_id,
)
from dashboard.clock import utc_now
from dashboard.extensions import current_config
from dashboard.forms.token import RotationForm, TokenForm
from dashboard.organizations.lookup import organization_by_slug, organizations_by_id
from dashboard.views.access import current_actor
from dashboard.views.listing import Narrowed, log_kind

bp = Blueprint("api_tokens", __name__, url_prefix="/api-tokens")
TOKENS = log_kind("api_tokens.index", "API token", "API tokens", "state")
LIVE = Narrowed(("state",), "live")


@bp.get("")
@permission("token.manage")
def index() -> ResponseReturnValue:
    """List the tokens, the newest first: all of them, or those that work."""
    now, only_live, asked = utc_now(), request.args.get("state") == "live", TOKENS.asked()
    found = list_tokens(asked, now=now, only_live=only_live)
    of = organizations_by_id([one.organization_id for one in found.rows if one.organization_id])
    return render_template(
        "api_tokens/index.html",
        tokens=TOKENS.listing(found, asked.sort, [LIVE] if only_live else []),
        states={one.id: state_of(one, now=now) for one in found.rows},
        counts={"live": count_live(now=now)},
        organizations=of,
        each_minute=current_config().token_requests_per_minute,
    )


@bp.get("/new")
@permission("token.manage")
def new() -> ResponseReturnValue:
    """Show the form for a token."""
    return render_template("api_tokens/new.html", form=TokenForm(**_lives()))


@bp.post("")
@permission("token.manage")
def create() -> ResponseReturnValue:
    """Make a token and show its secret, this once."""
    form, now = TokenForm(**_lives()), utc_now()
    if not form.validate_on_submit():
        return render_template("api_tokens/new.html", form=form), 422
    slug = form.organization_slug()
    token, secret = create_token(
        form.name.data,
        form.scopes.data,
        actor=current_actor(),
        now=now,
        organization_id=organization_by_slug(slug).id if slug else None,
        expires_at=now + timedelta(days=form.days.data),
    )
    return render_template("api_tokens/created.html", token=token, secret=secret), 201


@bp.get("/<int:token_id>/rotations/new")
@permission("token.manage")
def new_rotation(token_id: int) -> ResponseReturnValue:
    """Ask how long the old secret is to go on."""
    token, form = token_by_id(token_id), RotationForm(**_lives())
    return render_template("api_tokens/rotate.html", token=token, form=form)


@bp.post("/<int:token_id>/rotations")
@permission("token.manage")
def rotate(token_id: int) -> ResponseReturnValue:
    """Make a token in place of another and show its secret, this once."""
    token, form, now = token_by_id(token_id), RotationForm(**_lives()), utc_now()
    if not form.validate_on_submit():
        return render_template("api_tokens/rotate.html", token=token, form=form), 422
    made, secret = rotate_token(
        token,
        overlap=timedelta(hours=form.hours.data),
        expires_at=now + timedelta(days=form.days.data),
        actor=current_actor(),
        now=now,
    )
    page = render_template("api_tokens/created.html", token=made, secret=secret, replaced=token)
    return page, 201


@bp.get("/<int:token_id>/revocations/new")
@permission("token.manage")
def confirm(token_id: int) -> ResponseReturnValue:
    """Ask before revoking a token: what uses it stops working at once."""
    return render_template("api_tokens/revoke.html", token=token_by_id(token_id))


@bp.post("/<int:token_id>/revocations")
@permission("token.manage")
def revoke(token_id: int) -> ResponseReturnValue:
    """Revoke a token."""
    token = token_by_id(token_id)
    revoke_token(token, actor=current_actor(), now=utc_now())
    flash(f"The token {token.name} is revoked.")
    return redirect(url_for("api_tokens.index"), code=303)


def _lives() -> dict[str, int]:
    """Return how long a token lives by the settings, and at most."""
    config = current_config()
    return {"days": config.token_life_days, "most_days": config.token_longest_life_days}
