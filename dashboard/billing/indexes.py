"""By what the few invoices are found, of all there ever were, that the clock or a person is to see.

None of them holds what rises with every change of a bill, its revision: see migration 0037.
"""

from sqlalchemy import Index, text


def _few(name: str, *columns: str, where: str) -> Index:
    return Index(f"ix_invoices_{name}", *columns, postgresql_where=text(where))


ON_HOLD = "parked_at is not null"
UNPAID = "status = 'open' and payment_failure is not null"
UNSETTLED = "status in ('closing', 'sealed', 'open', 'uncollectible')"
# What should be paid by now, or will be late once its day has passed: see `late`.
LATE = (
    "status in ('open', 'uncollectible') and (due_at is not null or payment_failure is not null"
    " or action_required_at is not null or status = 'uncollectible')"
)
# Whose draft Stripe cannot work tax out for: told before its cycle ends.
UNTAXABLE = (
    "automatic_tax and status in ('draft', 'closing')"
    " and stripe_tax_status in ('requires_location_inputs', 'failed')"
)
# Those that are sent with tax, which the doctor counts.
TAXED = "automatic_tax and status in ('draft', 'closing', 'sealed')"
# What a person is to see both since when it is so, for the fleet, and by whose it is, for the list.
FOUND_BY = (
    _few("ending", "period_end", "organization_id", where="status = 'draft'"),
    _few("unfinished", "status", "seal_after_at", where="status in ('closing', 'sealed')"),
    _few("to_finalize", "finalize_rank", "id", where="status = 'sealed'"),
    _few("finalized_at", "finalized_at", where="finalized_at is not null"),
    _few(
        "next_sync_at",
        "next_sync_at",
        where="next_sync_at is not null and status in ('draft', 'closing')",
    ),
    _few(
        "waiting",
        "period_end",
        where="billed_with = 'waits' and status in ('closing', 'sealed')",
    ),
    _few("to_reread", "stripe_read_at", "id", where="status in ('open', 'uncollectible')"),
    _few("number", "number", where="number is not null"),
    _few("parked", "parked_at", "id", where=ON_HOLD),
    _few("parked_of", "organization_id", where=ON_HOLD),
    _few("unpaid", "finalized_at", "id", where=UNPAID),
    _few("unpaid_of", "organization_id", where=UNPAID),
    # Of one organization, for its pages and their polls.
    _few("unsettled_of", "organization_id", where=UNSETTLED),
    _few("due_at", "due_at", where="status = 'open' and due_at is not null"),
    Index(
        "ix_invoices_late",
        text("coalesce(due_at, finalized_at)"),
        "id",
        postgresql_where=text(LATE),
    ),
    _few("disputed", "dispute_answer_by_at", "id", where="disputed_cents > 0"),
    _few("untaxable", "id", where=UNTAXABLE),
    _few("taxed", "id", where=TAXED),
    _few(
        "failing",
        "sync_failures",
        "organization_id",
        where="sync_failures > 0 and status in ('draft', 'closing', 'sealed')",
    ),
)
