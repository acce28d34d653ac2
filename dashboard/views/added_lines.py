"""What becomes of lines on Stripe's draft that are not ours."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from dashboard.accounts.permissions import permission
from dashboard.approvals.propose import Wanted
from dashboard.billing.overview import invoice_by_id
from dashboard.clock import utc_now
from dashboard.errors import Stale
from dashboard.extensions import db
from dashboard.forms.added_line import AddedLineForm
from dashboard.money import Money
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.sync.consequences import consequences
from dashboard.sync.decide import FINAL, Seen, added_line, decide_line
from dashboard.sync.decided import Decided, decided_on
from dashboard.sync.models import AddedLine
from dashboard.sync.request import Request, request_sync
from dashboard.views.access import current_actor
from dashboard.views.four_eyes import propose_instead, stay_within, wants_second, why_two
from dashboard.views.proof import need_proof_above
from jobs.syncs import enqueue_run
from jobs.watch import look_soon

bp = Blueprint("added_lines", __name__, url_prefix="/organizations/<slug>/foreign-lines")

TITLES = {"take_ours": "Take ours", "adopt": "Adopt theirs", "leave": "Leave it for now"}
WORDS = {
    "take_ours": "The sync that just started removes the line at Stripe.",
    "adopt": "The line is now an adjustment on the invoice.",
    "leave": "The line stays at Stripe, and the invoice is on hold while it stays. You can decide "
    "again on its page.",
}


@bp.get("/<int:line_id>/decisions/new")
@permission("added_line.decide")
def new(slug: str, line_id: int) -> ResponseReturnValue:
    """Show what each decision would do to the totals; nothing is chosen."""
    organization = organization_by_slug(slug)
    decided = decided_on(organization, line_id)
    if decided is not None and (decided.is_carried_out or decided.decision in FINAL):
        return _as_decided(organization, decided)
    line = added_line(organization, line_id)
    form = AddedLineForm(seen=line.decision or "", cents=str(line.amount_cents))
    return _page(organization, line, form)


@bp.post("/<int:line_id>/decisions")
@permission("added_line.decide")
def decide(slug: str, line_id: int) -> ResponseReturnValue:
    """Take ours, adopt theirs, or leave the line."""
    organization, now = organization_by_slug(slug), utc_now()
    form, decided = AddedLineForm(), decided_on(organization, line_id)
    if decided is not None and decided.is_carried_out:
        return _again(organization, decided, form)
    line = added_line(organization, line_id)
    if not form.validate_on_submit():
        return _page(organization, line, form), 422
    decision = form.decision.data
    if decision == "adopt":
        amount = Money(line.amount_cents, organization.currency)
        need_proof_above(amount)
        if line.decision != "adopt" and wants_second(organization, amount):
            return _propose(organization, line, form)
        stay_within(organization, amount, lambda: _is_adopted(line))
    invoice = decide_line(
        line,
        decision,
        seen=form.what_was_seen(),
        reason=form.reason.data.strip(),
        actor=current_actor(),
        now=now,
    )
    if decision != "leave":
        wanted = Request("support", current_actor(), verify=True)
        enqueue_run(request_sync(invoice, wanted, now=now))
    look_soon()
    flash(WORDS[decision])
    # Of the current invoice this goes on to the organization's page.
    return redirect(url_for("invoices.show", slug=slug, sequence=invoice.sequence), code=303)


def _again(
    organization: Organization, decided: Decided, form: AddedLineForm
) -> ResponseReturnValue:
    """Answer a form about a line that is gone: as it was answered first, if it is the same."""
    if form.decision.data != decided.decision:
        raise Stale(f"{decided.sentence} Nothing was changed.")
    flash(f"{decided.sentence} Nothing more was changed.")
    sequence = invoice_by_id(organization, decided.invoice_id).sequence
    address = url_for("invoices.show", slug=organization.slug, sequence=sequence)
    return redirect(address, code=303)


def _as_decided(organization: Organization, decided: Decided) -> str:
    return render_template(
        "added_lines/decided.html",
        organization=organization,
        invoice=invoice_by_id(organization, decided.invoice_id),
        decided=decided,
        title=TITLES[decided.decision],
    )


def _propose(
    organization: Organization, line: AddedLine, form: AddedLineForm
) -> ResponseReturnValue:
    """Propose to adopt the line, if it is as it was seen."""
    if form.what_was_seen() != Seen(line.decision, line.amount_cents):
        raise Stale("The line has changed since. Nothing was changed. Look at it again.")
    amount = Money(line.amount_cents, organization.currency)
    terms = {"line_id": line.id, "description": line.description}
    reason = form.reason.data.strip()
    wanted = Wanted("adopt", f"line:{line.id}", amount, terms, reason)
    return propose_instead(organization, wanted)


def _page(organization: Organization, line: AddedLine, form: AddedLineForm) -> str:
    invoice = invoice_by_id(organization, line.invoice_id)
    return render_template(
        "added_lines/new.html",
        organization=organization,
        invoice=invoice,
        line=line,
        form=form,
        consequences=consequences(line, invoice),
        why_two=why_two(organization, Money(line.amount_cents, invoice.currency)),
    )


def _is_adopted(line: AddedLine) -> bool:
    query = select(AddedLine.decision).where(AddedLine.id == line.id)
    return db.session.scalar(query) == "adopt"
