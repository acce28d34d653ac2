"""What waits for a second person: shown with what it does now, approved, refused, withdrawn."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import PERMISSIONS, permission
from dashboard.approvals.changes import changes, stands
from dashboard.approvals.consequence import consequence_of
from dashboard.approvals.decide import (
    BasisMoved,
    approve,
    basis_of,
    lost_access,
    name_of,
    refuse,
    withdraw,
)
from dashboard.approvals.kinds import KINDS, NothingLeft
from dashboard.approvals.listing import proposals_of
from dashboard.approvals.models import Proposal
from dashboard.approvals.propose import proposal_of
from dashboard.billing.adjust import PROPOSED
from dashboard.billing.credit_notes import note_by_key
from dashboard.billing.refunds import refund_by_key
from dashboard.billing.reissue import reissue_by_key
from dashboard.clock import utc_now
from dashboard.forms.proposal import ApprovalForm, RefusalForm
from dashboard.money import Money
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.views.access import current_actor, reader
from dashboard.views.listing import log_kind
from dashboard.views.proof import need_proof_above
from dashboard.views.proposal_words import title_of
from dashboard.views.refund_words import FOR_WHAT
from jobs.credit_notes import carry_out_credit_note
from jobs.refunds import carry_out_refund
from jobs.reissues import begin_reissue
from jobs.syncs import enqueue_run
from jobs.watch import look_soon

bp = Blueprint("proposals", __name__, url_prefix="/organizations/<slug>/proposals")
PROPOSALS = log_kind("proposals.index", "proposal", "proposals")


@bp.get("")
@permission("proposal.view")
def index(slug: str) -> ResponseReturnValue:
    """List what was proposed, the newest first."""
    organization = organization_by_slug(slug)
    asked = PROPOSALS.asked()
    found = PROPOSALS.listing(proposals_of(organization, asked), asked.sort, slug=slug)
    return render_template(
        "proposals/index.html", organization=organization, found=found, title_of=title_of
    )


@bp.get("/<int:proposal_id>")
@permission("proposal.view")
def show(slug: str, proposal_id: int) -> ResponseReturnValue:
    """Show what it does now, and who may decide on it."""
    organization = organization_by_slug(slug)
    return _page(organization, proposal_of(organization, proposal_id), RefusalForm())


@bp.post("/<int:proposal_id>/approvals")
@permission("proposal.decide")
def create(slug: str, proposal_id: int) -> ResponseReturnValue:
    """Carry it out, exactly as it was shown; if that has changed, show it again."""
    organization, proposal, form = *_to_decide(slug, proposal_id), ApprovalForm()
    if not form.validate_on_submit():
        return _page(organization, proposal, RefusalForm(), form=form), 422
    need_proof_above(Money(proposal.amount_cents, proposal.currency))
    seen = str(form.seen.data)
    try:
        run = approve(proposal, organization, seen=seen, actor=current_actor(), now=utc_now())
    except (BasisMoved, NothingLeft) as error:
        return _page(organization, proposal, RefusalForm(), refused=error.message), error.status
    if run is not None:
        enqueue_run(run)
    look_soon()
    flash(_begun(organization, proposal))
    return redirect(url_for("proposals.show", slug=slug, proposal_id=proposal_id), code=303)


def _begun(organization: Organization, proposal: Proposal) -> str:
    """Have carried out at Stripe what was planned by the approval, and say so."""
    key = f"{PROPOSED}{proposal.id}"
    note, reissue = note_by_key(organization.id, key), reissue_by_key(organization.id, key)
    if reissue is not None:
        begin_reissue(reissue)
        return "Approved. The invoice is being taken back at Stripe, and is billed again with that."
    refund = refund_by_key(organization.id, key)
    if refund is not None:
        carry_out_refund.enqueue(refund.id)
        return "Approved. The refund is on its way to Stripe."
    note_id = note.id if note else proposal.terms.get("note_id")
    if note_id is None:
        return "Approved. The invoice has changed."
    carry_out_credit_note.enqueue(note_id)
    return f"Approved. {'The credit note' if note else 'The void'} is on its way to Stripe."


@bp.post("/<int:proposal_id>/refusals")
@permission("proposal.decide")
def refuse_it(slug: str, proposal_id: int) -> ResponseReturnValue:
    """Refuse it with a reason."""
    organization, proposal, form = *_to_decide(slug, proposal_id), RefusalForm()
    if not form.validate_on_submit():
        return _page(organization, proposal, form), 422
    refuse(proposal, answer=form.answer.data, actor=current_actor(), now=utc_now())
    look_soon()
    flash("Refused. Nothing was changed.")
    return redirect(url_for("proposals.show", slug=slug, proposal_id=proposal_id), code=303)


@bp.post("/<int:proposal_id>/withdrawals")
@permission("proposal.decide")
def withdraw_it(slug: str, proposal_id: int) -> ResponseReturnValue:
    """Withdraw one's own proposal."""
    _, proposal = _to_decide(slug, proposal_id)
    withdraw(proposal, actor=current_actor(), now=utc_now())
    look_soon()
    flash("Withdrawn. Nothing was changed.")
    return redirect(url_for("proposals.show", slug=slug, proposal_id=proposal_id), code=303)


def _to_decide(slug: str, proposal_id: int) -> tuple[Organization, Proposal]:
    """Return the proposal, to who may also do by themselves what it does."""
    organization = organization_by_slug(slug)
    proposal = proposal_of(organization, proposal_id)
    if not reader().holds(PERMISSIONS[KINDS[proposal.kind].permission], slug):
        abort(403)
    return organization, proposal


def _page(
    organization: Organization,
    proposal: Proposal,
    refusal: RefusalForm,
    *,
    form: ApprovalForm | None = None,
    refused: str | None = None,
) -> str:
    now, basis = utc_now(), basis_of(proposal, organization)
    waits = proposal.waits(now)
    has_left = waits and lost_access(proposal)
    can_stand = stands(proposal, basis) and not has_left
    return render_template(
        "proposals/show.html",
        organization=organization,
        proposal=proposal,
        title=title_of(proposal, with_amount=True),
        state=proposal.state_at(now),
        waits=waits,
        stands=can_stand,
        has_left=has_left,
        changes=changes(proposal, basis) if waits else [],
        refused=refused,
        consequence=(
            consequence_of(proposal, organization, now=now) if waits and can_stand else None
        ),
        is_own=proposal.proposed_by_id == reader().id,
        form=ApprovalForm(formdata=None, seen=name_of(basis)),
        problems=form.unseen_errors if form else (),
        refusal=refusal,
        refund_words=FOR_WHAT,
    )
