"""Prices: the catalogue and its versions."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation, read_body
from dashboard.api.schemas.prices import PriceIn, PriceList, PriceOut, ProductIn, VersionIn
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.pricing.catalog import (
    NewPrice,
    add_version,
    create_price,
    list_prices,
    price_by_code,
    price_to_change,
)
from dashboard.pricing.products import set_product

bp = Blueprint("prices", __name__, url_prefix="/prices")


@bp.get("")
@permission("api.prices.read")
@operation(Operation("List the catalog", {200: PriceList}))
def index() -> Response:
    """List every price with its versions."""
    return answer(PriceList(prices=[PriceOut.of(price) for price in list_prices()]))


@bp.get("/<code>")
@permission("api.prices.read")
@operation(Operation("Read a price", {200: PriceOut}))
def show(code: str) -> Response:
    """Read one price."""
    return answer(PriceOut.of(price_by_code(code)))


@bp.post("")
@permission("api.prices.write")
@operation(
    Operation(
        "Create a price; repeating the request changes nothing", {201: PriceOut}, body=PriceIn
    )
)
def create() -> Response:
    """Create a price with its first version."""
    wanted = read_body(PriceIn)
    caller.require_all_organizations()
    price = create_price(
        NewPrice(
            wanted.code,
            wanted.name,
            wanted.kind,
            wanted.terms(wanted.currency, wanted.unit_label),
            wanted.meter,
            wanted.product,
            wanted.interval,
        ),
        effective_at=wanted.effective_at,
        now=utc_now(),
        actor=caller.actor(),
    )
    return answer(PriceOut.of(price), 201)


@bp.patch("/<code>")
@permission("api.prices.write")
@operation(
    Operation("Change the product that bills list a price under", {200: PriceOut}, body=ProductIn)
)
def update(code: str) -> Response:
    """List a price under another product."""
    wanted = read_body(ProductIn)
    caller.require_all_organizations()
    price = set_product(price_by_code(code), wanted.product, now=utc_now(), actor=caller.actor())
    return answer(PriceOut.of(price))


@bp.post("/<code>/versions")
@permission("api.prices.write")
@operation(Operation("Change what a price costs from a time on", {201: PriceOut}, body=VersionIn))
def create_version(code: str) -> Response:
    """Add a version to a price."""
    wanted = read_body(VersionIn)
    caller.require_all_organizations()
    price = price_to_change(code)
    terms = wanted.terms(price.currency, price.unit_label)
    add_version(
        price,
        terms,
        effective_at=wanted.effective_at,
        now=utc_now(),
        actor=caller.actor(),
    )
    db.session.refresh(price)
    return answer(PriceOut.of(price), 201)
