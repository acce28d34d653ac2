"""One box for everything: a page of its own, and the palette that opens over any other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from dashboard.accounts.permissions import permission
from dashboard.reading.search import (
    FoundInvoice,
    FoundOrganization,
    invoices_like,
    organizations_among,
    organizations_like,
    person_of,
    services_like,
)
from dashboard.views.access import can, reader
from dashboard.views.formatting import money, period
from dashboard.views.hypermedia import is_htmx
from dashboard.views.jump import address_of_id, address_of_invoice, is_id
from dashboard.views.navigation import navigation
from dashboard.views.sidebar import own_organizations
from dashboard.views.status_words import status_word

bp = Blueprint("search", __name__, url_prefix="/search")
# Longer than any name or id that we keep.
LONGEST = 200


class Result(NamedTuple):
    """One thing that is found, and where it leads."""

    icon: str
    name: str
    note: str
    end: str
    address: str


class Found(NamedTuple):
    """A group of results under its title."""

    title: str
    results: list[Result]


# What one may do or look at of an organization: permission, name, note, icon, endpoint.
_ACTIONS = (
    ("sync.run", "Preview sync", "what would be sent now", "eye", "sync_runs.new"),
    ("adjustment.create", "Charge or credit", "", "plus", "adjustments.new"),
    ("cycle.roll", "Roll cycle", "with a preview", "roll", "rolls.new"),
    (
        "cycle.change",
        "Bill with a subscription",
        "on its invoices",
        "roll",
        "subscriptions.show",
    ),
    ("cycle.change", "Change cycle", "with a preview", "roll", "cycle_changes.new"),
    ("tax.switch", "Automatic tax", "with a preview", "check", "taxes.show"),
    ("organization.change", "Change details", "", "pencil", "organization_details.edit"),
)
_TABS = (
    ("Usage", "usage.show"),
    ("Services", "services.index"),
    ("Charges and credits", "adjustments.index"),
    ("Past invoices", "invoices.index"),
    ("Details", "organizations.details"),
)
_OWN = (
    ("Second factors", "lock", "factors.index"),
    ("Sessions", "devices", "sessions.index"),
    ("Glossary", "info", "glossary.show"),
)


@bp.get("")
@permission("session.use")
def show() -> ResponseReturnValue:
    """Show what a text finds; an exact id, once sent, goes straight to what it names."""
    text = request.args.get("q", "").strip()[:LONGEST]
    # While somebody types only what is an id of Stripe's is looked up as one.
    address = address_of_id(text) if _may_be_exact(text) else None
    if address and not is_htmx():
        return redirect(address, code=303)
    groups = [group for group in _found(text) if group.results]
    if address and not any(group.results for group in groups[:1]):
        groups.insert(0, Found("Exactly this", [Result("search", text, "", "", address)]))
    template = "search/_results.html" if is_htmx() else "search/show.html"
    return render_template(template, groups=groups, text=text, is_palette=is_htmx())


@bp.app_template_filter("marked")
def marked(name: str, text: str) -> Markup:
    """Return a name in which the first place that says the text is marked."""
    at = name.casefold().find(text.casefold()) if text else -1
    if at < 0 or len(name.casefold()) != len(name):
        return escape(name)
    end = at + len(text)
    return escape(name[:at]) + Markup("<mark>{}</mark>").format(name[at:end]) + escape(name[end:])


def _may_be_exact(text: str) -> bool:
    return bool(text) and reader().is_staff and (is_id(text) or not is_htmx())


def _found(text: str) -> Iterable[Found]:
    """Yield the groups in their order, which never changes."""
    is_staff = reader().is_staff
    organizations = _organizations(text)
    yield Found("Organizations", [_organization(one) for one in organizations])
    first = organizations[0] if organizations and text else None
    within = None if is_staff else reader().slugs
    if text:
        of = first.id if first else None
        invoices = invoices_like(text, of=of, within=within)
        yield Found("Invoices", [_invoice(one) for one in invoices])
        yield Found("Services and people", [*_services(text, within), *_people(text)])
    yield Found("Pages", list(_pages(text, first)))
    if first and is_staff:
        yield Found(f"Actions on {first.name}", list(_actions(first)))


def _organizations(text: str) -> list[FoundOrganization]:
    who = reader()
    if who.is_staff:
        return organizations_like(text) if text else []
    part = text.casefold()
    own = own_organizations(who.slugs)
    slugs = [one.slug for one in own if part in one.name.casefold() or part in one.slug]
    return organizations_among(slugs) if slugs else []


def _organization(one: FoundOrganization) -> Result:
    owed = f"{money(one.total_cents, one.currency)} owed so far" if one.total_cents else ""
    return Result(
        "building", one.name, one.slug, owed, url_for("organizations.show", slug=one.slug)
    )


def _invoice(one: FoundInvoice) -> Result:
    name = one.number or f"Invoice {one.sequence}"
    note = f"{one.organization}, {period(one.period_start, one.period_end)}"
    word = status_word("invoice", one.status).word
    end = f"{word} {money(one.total_cents, one.currency)}"
    return Result("invoice", name, note, end, address_of_invoice(one))


def _services(text: str, within: Iterable[str] | None) -> Iterable[Result]:
    for one in services_like(text, within=list(within) if within is not None else None):
        note = f"{one.price}, {one.organization}"
        address = url_for("services.index", slug=one.slug)
        is_named = (one.external_id or "").startswith(text)
        name = one.external_id if is_named and one.external_id else one.label
        yield Result("layers", name, note, "" if one.is_attached else "detached", address)


def _people(text: str) -> Iterable[Result]:
    """Yield the person of an address for who manages people, and where they are a member."""
    found = person_of(text) if "@" in text and reader().is_staff else []
    if found and can("people.manage"):
        one = found[0]
        address = url_for("people.show", user_id=one.id)
        yield Result("person", one.email, one.name, one.role.capitalize(), address)
    for one in found:
        if one.slug and can("members.manage", one.slug):
            note = f"{one.name}, {one.member_role} of {one.organization}"
            end = "" if one.is_active else "deactivated"
            yield Result("people", one.email, note, end, url_for("members.index", slug=one.slug))


def _pages(text: str, first: FoundOrganization | None) -> Iterable[Result]:
    """Yield the places whose names say the text, and those of the organization found first."""
    part = text.casefold()
    for group in navigation():
        for place in group.places:
            if place.key and part in place.label.casefold():
                yield Result(place.icon, place.label, "", "", place.address)
    for label, icon, endpoint in _OWN:
        if part and part in label.casefold():
            yield Result(icon, label, "", "", url_for(endpoint))
    if first and not reader().is_staff:
        for label, endpoint in _TABS:
            address = url_for(endpoint, slug=first.slug)
            yield Result("invoice", label, first.name, "", address)


def _actions(first: FoundOrganization) -> Iterable[Result]:
    """Yield what one may do there: each leads to a page that says what it would do."""
    for needed, name, note, icon, endpoint in _ACTIONS:
        if can(needed):
            yield Result(icon, name, note, "", url_for(endpoint, slug=first.slug))
