"""Turn off mails of a kind from a mail itself, without signing in."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.audit.actor import NOBODY
from dashboard.audit.write import write_entry
from dashboard.clock import utc_now
from dashboard.errors import Conflict, NotFound
from dashboard.extensions import csrf
from dashboard.links import signing_keys
from dashboard.mail.bills import is_billing_address
from dashboard.mail.choices import choose, wanted_by
from dashboard.mail.kinds import BILL_KINDS
from dashboard.mail.opt_out import OptOut, read_opt_out
from dashboard.organizations.lookup import organizations_by_id
from dashboard.organizations.models import Organization
from dashboard.views.throttle import slow_down_guesses

bp = Blueprint("mail_opt_outs", __name__, url_prefix="/mail-opt-outs")
# A mail program posts here by itself. The link is the proof, and nothing is read from the session.
csrf.exempt(bp)


@bp.get("")
@permission("public")
@slow_down_guesses
def show() -> ResponseReturnValue:
    """Ask whether mails of this kind are to be turned off: programs that look ahead open links."""
    return _page(_opt_out())


@bp.post("")
@permission("public")
@slow_down_guesses
def update() -> ResponseReturnValue:
    """Turn mails of this kind off, or on again."""
    opt_out = _opt_out()
    organization, is_billing = _organization(opt_out), _is_billing(opt_out)
    if BILL_KINDS[opt_out.kind].is_the_bill and is_billing:
        raise Conflict("The billing e-mail always gets the invoices. Nothing was changed.")
    wanted = request.form.get("wanted") == "y"
    known = wanted_by(organization.id, opt_out.address, is_billing=is_billing)
    if known[opt_out.kind] != wanted:
        choose(organization.id, opt_out.address, {opt_out.kind: wanted}, now=utc_now())
        facts = {"email": opt_out.address, "kinds": [BILL_KINDS[opt_out.kind].label]}
        if wanted:
            write_entry("mail_choice.turned_on", organization, NOBODY, facts, now=utc_now())
        else:
            write_entry("mail_choice.turned_off", organization, NOBODY, facts, now=utc_now())
    return _page(opt_out, is_done=True)


def _opt_out() -> OptOut:
    return read_opt_out(request.args.get("secret", ""), signing_keys())


def _organization(opt_out: OptOut) -> Organization:
    found = organizations_by_id([opt_out.organization_id]).get(opt_out.organization_id)
    if found is None:
        raise NotFound("There is no such organization. Nothing was changed.")
    return found


def _is_billing(opt_out: OptOut) -> bool:
    return is_billing_address(opt_out.organization_id, opt_out.address)


def _page(opt_out: OptOut, *, is_done: bool = False) -> str:
    organization, is_billing = _organization(opt_out), _is_billing(opt_out)
    kind = BILL_KINDS[opt_out.kind]
    is_always = kind.is_the_bill and is_billing
    wanted = wanted_by(organization.id, opt_out.address, is_billing=is_billing)
    return render_template(
        "mail_opt_outs/show.html",
        organization=organization,
        address=opt_out.address,
        kind=kind,
        secret=request.args["secret"],
        is_always=is_always,
        is_wanted=is_always or wanted[kind.name],
        is_done=is_done,
    )
