"""API tokens: made, shown once, revoked."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.accounts.tokens import create_token, list_tokens, revoke_token, token_by_id
from dashboard.clock import utc_now
from dashboard.forms.token import TokenForm
from dashboard.organizations.lookup import organization_by_slug, organizations_by_id
from dashboard.views.access import current_actor

bp = Blueprint("api_tokens", __name__, url_prefix="/api-tokens")


@bp.get("")
@permission("token.manage")
def index() -> ResponseReturnValue:
    """List the tokens, live ones first."""
    tokens = list_tokens()
    of = organizations_by_id([one.organization_id for one in tokens if one.organization_id])
    return render_template("api_tokens/index.html", tokens=tokens, organizations=of)


@bp.get("/new")
@permission("token.manage")
def new() -> ResponseReturnValue:
    """Show the form for a token."""
    return render_template("api_tokens/new.html", form=TokenForm())


@bp.post("")
@permission("token.manage")
def create() -> ResponseReturnValue:
    """Make a token and show its secret, this once."""
    form = TokenForm()
    if not form.validate_on_submit():
        return render_template("api_tokens/new.html", form=form), 422
    slug = form.organization_slug()
    token, secret = create_token(
        form.name.data,
        form.scopes.data,
        actor=current_actor(),
        now=utc_now(),
        organization_id=organization_by_slug(slug).id if slug else None,
    )
    return render_template("api_tokens/created.html", token=token, secret=secret), 201


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
