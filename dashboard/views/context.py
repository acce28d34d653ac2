"""What every template may use without being handed it."""

import secrets
from typing import Any

from flask import Flask, g
from flask_wtf.csrf import generate_csrf
from structlog.contextvars import get_contextvars

from dashboard.accounts.factors.held import FACTORS
from dashboard.accounts.memberships import MEMBER_WORDS
from dashboard.accounts.sessions import METHODS
from dashboard.billing.declines import decline_words
from dashboard.clock import utc_now
from dashboard.extensions import current_config
from dashboard.money import minimum_charge
from dashboard.reading.sync_runs import leaves_added
from dashboard.sync.decide import choices
from dashboard.views.access import can
from dashboard.views.address_patterns import Addresses
from dashboard.views.addresses import here
from dashboard.views.asking import known_reader
from dashboard.views.assets import asset, integrity
from dashboard.views.audit_words import sentence_of
from dashboard.views.hypermedia import is_for_panel
from dashboard.views.item_rows import item_rows
from dashboard.views.kept import register_kept
from dashboard.views.navigation import navigation
from dashboard.views.repairs import register_repairs
from dashboard.views.sidebar import SidebarMemory, ledger_is_held, sidebar_counts
from dashboard.views.status_words import status_word
from dashboard.views.stripe_links import stripe_url
from dashboard.views.stripe_state import Known, stripe_away_seconds
from dashboard.views.theme import chosen_theme, next_theme
from dashboard.views.typed import form_page, typed
from dashboard.views.viewing_guard import off_in_a_view, viewed_name
from dashboard.views.ways_in import demo_accounts, passwords_are_on, provider_name


def register_context(app: Flask) -> None:
    """Give the templates their common names."""
    app.context_processor(common_names)
    app.extensions["known_of_stripe"] = Known()
    app.extensions["sidebar"] = SidebarMemory()
    app.jinja_env.globals.update(
        asset=asset,
        audit_sentence=sentence_of,
        can=can,
        csrf_token=csrf_token,
        decline_words=decline_words,
        demo_accounts=demo_accounts,
        added_choices=choices,
        form_page=form_page,
        here=here,
        integrity=integrity,
        item_rows=item_rows,
        jitter=jitter,
        factor_words=FACTORS,
        member_words=MEMBER_WORDS,
        method_words=METHODS,
        ledger_is_held=ledger_is_held,
        minimum_charge=minimum_charge,
        leaves_added=leaves_added,
        navigation=navigation,
        next_theme=next_theme,
        off_in_a_view=off_in_a_view,
        passwords_are_on=passwords_are_on,
        provider_name=provider_name,
        sidebar_counts=sidebar_counts,
        status_word=status_word,
        stripe_away_seconds=stripe_away_seconds,
        stripe_url=stripe_url,
        typed=typed,
        viewed_name=viewed_name,
    )
    register_kept(app)
    register_repairs(app)
    app.jinja_env.globals["url_for"] = Addresses()
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def common_names() -> dict[str, Any]:
    """Return the names that differ from request to request."""
    current_user = known_reader()
    return {
        "layout": "panel.html" if is_for_panel() else "base.html",
        "is_live": current_config().is_live,
        "now": utc_now(),
        "request_id": get_contextvars().get("request_id"),
        "current_user": current_user,
        "signed_in": current_user is not None,
        "theme": chosen_theme(),
    }


def csrf_token() -> str:
    """Return this request's token, which every form of a page carries; made when first asked."""
    made: str | None = g.get("csrf_token")
    return made or generate_csrf()


def jitter(seconds: int) -> int:
    """Return `seconds`, a second less or more: pages opened together must not poll together."""
    return seconds - 1 + secrets.randbelow(3)
