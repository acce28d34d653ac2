"""Pages, one file per resource."""

from flask import Flask

from dashboard.views import (
    added_lines,
    adjustments,
    api_tokens,
    at_stripe,
    audit_entries,
    balances,
    bill_holds,
    budgets,
    bulk_actions,
    catalog,
    closing_limits,
    closings,
    comparison,
    credit_note_voids,
    credit_notes,
    cycle_changes,
    differences,
    doctor,
    documents,
    event_deliveries,
    event_endpoints,
    factors,
    fleet,
    glance,
    glossary,
    history,
    home,
    invariants,
    invitations,
    invoice_links,
    invoices,
    items,
    mail_opt_outs,
    mails,
    member_invitations,
    members,
    moments,
    needs,
    notes,
    organization_details,
    organization_list,
    organizations,
    passkey_sign_in,
    password,
    password_requests,
    past_due,
    pay_links,
    people,
    portal_sessions,
    proofs,
    proposals,
    refunds,
    rehearsals,
    reissues,
    restores,
    reversals,
    rolls,
    schedules,
    search,
    second_step,
    services,
    session,
    sessions,
    settlements,
    sign_on,
    spend,
    standing,
    stripe_calls,
    stripe_webhook,
    subscriptions,
    sync_runs,
    taxes,
    theme,
    timeline,
    usage,
    viewing,
    void_decisions,
    webhook_events,
    what_if,
    work,
)
from dashboard.views.access import register_access
from dashboard.views.addresses import register_addresses
from dashboard.views.assets import register_assets
from dashboard.views.compression import compress
from dashboard.views.context import register_context
from dashboard.views.errors import register_errors
from dashboard.views.estimates import register_estimates
from dashboard.views.formatting import register_filters
from dashboard.views.headers import fixed_headers, register_headers
from dashboard.views.hypermedia import leave_panel, mark_variants
from dashboard.views.proof_bundle import bundle_of

RESOURCES = (
    home, glance, needs, search, glossary, session, sessions, sign_on, theme,
    organizations, organization_list, organization_details, usage, services,
    spend, adjustments, items, history, budgets, what_if, comparison,
    timeline, notes, at_stripe, viewing, proposals, reversals,
    members, member_invitations, past_due, standing,
    invoices, invoice_links, moments, documents, schedules, sync_runs, rolls, cycle_changes, taxes,
    subscriptions, portal_sessions, added_lines, void_decisions, credit_notes,
    credit_note_voids, reissues,
    differences, refunds, settlements, proofs, balances, mails, mail_opt_outs, pay_links,
    webhook_events, event_endpoints, event_deliveries, bulk_actions, catalog, closings,
    rehearsals, closing_limits, bill_holds, fleet, work, stripe_calls, doctor, invariants,
    restores, audit_entries, api_tokens, people, invitations, password, password_requests, factors,
    second_step, passkey_sign_in, stripe_webhook,
)  # fmt: skip


def register_views(app: Flask) -> None:
    """Add the pages, who may see them, and what they are rendered with."""
    register_addresses(app)
    register_access(app)
    register_errors(app)
    register_filters(app)
    register_estimates(app)
    register_context(app)
    headers = fixed_headers(app.extensions["config"])
    register_headers(app, headers)
    register_assets(app, headers)
    # Written in the words of the pages; the API sends it as well.
    app.extensions["proof_bundle"] = bundle_of
    app.after_request(compress)
    app.after_request(mark_variants)
    app.after_request(leave_panel)
    for resource in RESOURCES:
        app.register_blueprint(resource.bp)
