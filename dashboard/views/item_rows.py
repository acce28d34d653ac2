"""The rows of a bill's items as markup, kept as long as what was read of the bill is.

What a row says depends on the items, on how they are looked at, and on what is named below; nothing
of a reader, a token or the clock is in it.
"""

from __future__ import annotations

from typing import Protocol

from flask import current_app, request
from markupsafe import Markup

from dashboard.views.items_shown import ShownItems

# Of one bill: closed, opened, sorted otherwise; for customers and for us the text is another.
MOST = 8


class Billed(Protocol):
    """What is asked of an invoice: what its items' addresses say, and what its lines depend on."""

    @property
    def sequence(self) -> int: ...
    @property
    def status(self) -> str: ...


def item_rows(slug: str, invoice: Billed, shown: ShownItems) -> Markup:
    """Return the rows of an organization's invoice; what somebody searches for is not kept."""
    if shown.look.text:
        return _rendered(slug, invoice.sequence, shown)
    kept, key = shown.found.shown, (
        request.script_root, slug, invoice.sequence, invoice.status,
        shown.look, shown.address, shown.billing, bool(shown.lines),
    )  # fmt: skip
    found: Markup | None = kept.get(key)
    if found is None:
        if len(kept) >= MOST:
            kept.clear()
        found = kept[key] = _rendered(slug, invoice.sequence, shown)
    return found


def _rendered(slug: str, sequence: int, shown: ShownItems) -> Markup:
    macro = current_app.jinja_env.get_template("invoices/_item.html").module.item_rows  # type: ignore[attr-defined]  # a macro
    return Markup(macro(slug, sequence, shown))  # noqa: S704  a template made it, so it is escaped
