"""The catalogue: what there is to sell, what it costs from when on, and a new version of it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.policy import current_policy
from dashboard.billing.reprice_preview import VersionPreview, preview_version
from dashboard.clock import utc_now
from dashboard.errors import BillingError
from dashboard.forms.version import VersionForm
from dashboard.pricing.catalog import (
    add_version,
    check_version,
    list_prices,
    price_by_code,
    price_to_change,
)
from dashboard.pricing.models import Price
from dashboard.pricing.terms_words import terms_words
from dashboard.pricing.versions import terms_of, version_at, windows_of
from dashboard.services.listing import services_on
from dashboard.views.access import current_actor

bp = Blueprint("catalog", __name__, url_prefix="/catalog")


@bp.get("")
@permission("catalog.view")
def index() -> ResponseReturnValue:
    """List every price with what it costs now."""
    now = utc_now()
    rows = [(price, version_at(price, now)) for price in list_prices()]
    return render_template("catalog/index.html", rows=rows, words=_words)


@bp.get("/<code>")
@permission("catalog.view")
def show(code: str) -> ResponseReturnValue:
    """Show one price with every version of it."""
    price = price_by_code(code)
    return render_template(
        "catalog/show.html",
        price=price,
        windows=list(reversed(windows_of(price.versions))),
        attached=services_on(price),
        words=_words,
    )


@bp.get("/<code>/versions/new")
@permission("catalog.change")
def new_version(code: str) -> ResponseReturnValue:
    """Ask for new terms; with terms in the address, show what they would do."""
    price = price_by_code(code)
    if "effective_at" not in request.args:
        in_force = version_at(price, utc_now()) or price.versions[-1]
        return _page(price, VersionForm.filled(price, terms_of(in_force)))
    form = VersionForm(price, formdata=request.args, meta={"csrf": False})
    if not form.validate():
        return _page(price, form), 422
    try:
        version = check_version(price, form.terms(), form.instant(), now=utc_now())
        return _page(price, form, preview=preview_version(price, version))
    except BillingError as error:
        return _page(price, form, refused=str(error)), 422


@bp.post("/<code>/versions")
@permission("catalog.change")
def create_version(code: str) -> ResponseReturnValue:
    """Add the version; nothing that was billed is changed by it."""
    price = price_by_code(code)
    form = VersionForm(price)
    if not form.validate_on_submit():
        return _page(price, form), 422
    locked = price_to_change(code)
    add_version(
        locked, form.terms(), effective_at=form.instant(), now=utc_now(), actor=current_actor()
    )
    flash("The new version is in the catalog.")
    return redirect(url_for("catalog.show", code=code), code=303)


def _page(
    price: Price,
    form: VersionForm,
    *,
    preview: VersionPreview | None = None,
    refused: str = "",
) -> str:
    return render_template(
        "catalog/new_version.html",
        price=price,
        form=form,
        preview=preview,
        refused=refused,
        skew=current_policy().max_skew,
    )


def _words(price: Price, version: object) -> list[str]:
    return terms_words(
        terms_of(version),  # type: ignore[arg-type]
        interval=price.interval if price.kind == "recurring" else None,
    )
