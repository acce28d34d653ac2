"""The JSON API, one file per resource."""

from flask import Blueprint, Flask

from dashboard.api import (
    adjustments,
    balances,
    budgets,
    closings,
    credit_notes,
    cycle_changes,
    differences,
    document,
    event_deliveries,
    event_endpoints,
    history,
    invoices,
    issues,
    organizations,
    prices,
    problems,
    proofs,
    refunds,
    reissues,
    services,
    standing,
    subscriptions,
    syncs,
    taxes,
    usage,
    usage_cancellations,
)
from dashboard.extensions import csrf

PREFIX = "/api/v1"
RESOURCES = (
    organizations, prices, services, usage, usage_cancellations, adjustments, invoices,
    credit_notes, reissues, differences, refunds, proofs, balances, history, budgets, standing,
    closings, issues, syncs, event_endpoints, event_deliveries, cycle_changes, subscriptions,
    taxes, document,
)  # fmt: skip


def register_api(app: Flask) -> None:
    """Add the API to `app`; a token and no cookie opens it, so no request can be forged."""
    api = Blueprint("api", __name__, url_prefix=PREFIX)
    problems.register_problems(app, api)
    for resource in RESOURCES:
        api.register_blueprint(resource.bp)
        csrf.exempt(resource.bp)
    app.register_blueprint(api)
