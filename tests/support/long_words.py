"""What people may write: names, descriptions and reasons of one word, as long as they may be."""

from sqlalchemy import Column, String, Table, Text, cast, func, or_, text, update

from dashboard.extensions import Model, db
from dashboard.transaction import transaction

LETTERS = 200
WORD = ("Wiederherstellungszeitpunktgarantie" * 6)[:LETTERS]
# What people, sub-systems and Stripe name or say in words of their own.
SAID = {
    "actor_label", "answer", "author_label", "canceled_by", "decided_by", "description", "device",
    "error", "label", "name", "note", "parked_reason", "payment_failure", "pinned_by", "problem",
    "product", "proposed_by", "read_by", "reason", "result", "service_label", "settled_by", "text",
}  # fmt: skip
# Their words are codes.
NOT_THOSE = {"usage_records", "unmatched_usage"}


def lengthen_all() -> None:
    """Make all that anybody named or said one word of 200 letters, or of as many as are kept."""
    with transaction():
        # Facts as well, which triggers keep as they are.
        db.session.execute(text("set local session_replication_role = replica"))
        for table in Model.metadata.sorted_tables:
            words = {one.name: _long(one) for one in table.columns if _is_said(table, one)}
            if words:
                is_said = or_(*(func.coalesce(table.c[name], "") != "" for name in words))
                db.session.execute(update(table).where(is_said).values(words))


def _is_said(table: Table, column: Column[object]) -> bool:
    return table.name not in NOT_THOSE and column.name in SAID and isinstance(column.type, String)


def _long(column: Column[object]) -> object:
    """Return a long word that ends as what was there did, so that names stay different."""
    kind = column.type
    most = LETTERS if isinstance(kind, Text) else min(kind.length or LETTERS, LETTERS)
    was = func.right(cast(column, Text), 12)
    return func.concat(func.left(WORD, most - func.length(was)), was)
