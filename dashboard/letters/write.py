"""What mails say: a few sentences and a link, made when they are sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import current_app

from dashboard.accounts.invitations import has_account, invitation_token, open_invitation
from dashboard.accounts.locks import is_admin
from dashboard.accounts.models import User
from dashboard.accounts.people import who_signs_in_with
from dashboard.accounts.reset import reset_token
from dashboard.approvals.models import Proposal, noun_of
from dashboard.approvals.people import may
from dashboard.budgets.models import BudgetAlert, UnusualUsage
from dashboard.budgets.receivers import wants
from dashboard.extensions import db
from dashboard.letters.bills import bill_letter
from dashboard.letters.refusals import Nobody, NotNeeded
from dashboard.links import address, link, signing_keys
from dashboard.mail.kinds import BILL_KINDS
from dashboard.mail.message import Letter, name_of
from dashboard.mail.models import Mail
from dashboard.organizations.lookup import organizations_by_id
from dashboard.organizations.models import Organization
from dashboard.pricing.exact import major_text

ENDS = {
    "approved": "was approved",
    "refused": "was refused",
    "expired": "expired",
    "moot": "can no longer be approved",
}


def letter_of(mail: Mail, *, now: datetime) -> Letter:
    """Return what is to be sent as `mail`, its link signed now; raises `NotNeeded`."""
    return LETTERS[mail.kind](mail, now)


def _invitation(mail: Mail, now: datetime) -> Letter:
    invitation = open_invitation(mail.invitation_id, now=now)
    if invitation is None:
        raise NotNeeded("The invitation ended before it was sent.")
    inviter = db.session.get(User, invitation.created_by_id) if invitation.created_by_id else None
    of = invitation.organization_id
    organization = organizations_by_id([of])[of] if of is not None else None
    return _letter(
        mail,
        invitation.email,
        "Your invitation to the billing dashboard",
        link=link("invitations.show", invitation_token(invitation, signing_keys())),
        inviter=inviter,
        invitation=invitation,
        organization=organization,
        # Told to the mailbox alone, and only when the mail is written.
        is_known=has_account(invitation.email),
    )


def _reset(mail: Mail, _now: datetime) -> Letter:
    user = who_signs_in_with(mail.address)
    if user is None:
        raise Nobody("No person signs in with this address.")
    if mail.made_by_id is not None and not is_admin(mail.made_by_id):
        raise NotNeeded("The person who created the link is no longer an admin.")
    secret = reset_token(user, signing_keys(), by=mail.made_by_id)
    return _letter(
        mail,
        user.email,
        "Set a new password for the billing dashboard",
        link=link("password.new", secret),
        person=user,
        by_admin=mail.made_by_id is not None,
    )


def _budget(mail: Mail, _now: datetime) -> Letter:
    alert = db.session.get_one(BudgetAlert, mail.budget_alert_id)
    organization = _told(mail, alert.organization_id)
    return _letter(
        mail,
        mail.address,
        subject_of_alert(organization.name, alert),
        link=address("budgets.show", slug=organization.slug),
        organization=organization,
        alert=alert,
    )


def _unusual(mail: Mail, _now: datetime) -> Letter:
    episode = db.session.get_one(UnusualUsage, mail.unusual_usage_id)
    organization = _told(mail, episode.organization_id)
    return _letter(
        mail,
        mail.address,
        f"{organization.name}: {episode.product} at {episode.times} times its habit",
        link=address("budgets.show", slug=organization.slug),
        organization=organization,
        episode=episode,
    )


def _proposal(mail: Mail, now: datetime) -> Letter:
    proposal = db.session.get_one(Proposal, mail.proposal_id)
    if mail.ends_at <= now or not may(proposal.proposed_by_id, "proposal.view"):
        raise NotNeeded("It is no longer news, or they no longer sign in as support or admin.")
    of = proposal.organization_id
    organization = organizations_by_id([of])[of]
    noun = noun_of(proposal.kind, proposal.terms.get("decision"), proposal.amount_cents)
    amount = major_text(Decimal(abs(proposal.amount_cents)), proposal.currency)
    title = f"{noun} of {amount}"
    return _letter(
        mail,
        mail.address,
        f"{organization.name}: your {title} {ENDS[proposal.state_at(now)]}",
        link=address("proposals.show", slug=organization.slug, proposal_id=proposal.id),
        organization=organization,
        proposal=proposal,
        title=title,
    )


def subject_of_alert(name: str, alert: BudgetAlert) -> str:
    """Return what the mail of an alert is about: who, and what of the budget."""
    if alert.kind == "forecast":
        return f"{name} will likely cross its budget"
    return f"{name} has used {alert.percent}% of its budget"


def _told(mail: Mail, organization_id: int) -> Organization:
    """Return the organization that a member is told of; raises `NotNeeded`."""
    if not wants(mail.address, organization_id, mail.kind):
        raise NotNeeded("They are no longer a member, or turned off these e-mails.")
    return organizations_by_id([organization_id])[organization_id]


def _letter(mail: Mail, to: str, subject: str, **told: Any) -> Letter:
    # Without what pages get along with their request: there is none.
    text, html = (
        current_app.jinja_env.get_template(f"mail/{mail.kind}.{form}").render(
            subject=subject, **told
        )
        for form in ("txt", "html")
    )
    return Letter(to=to, subject=subject, text=text, html=html, name=name_of(mail))


LETTERS: dict[str, Callable[[Mail, datetime], Letter]] = {
    "invitation": _invitation,
    "reset": _reset,
    "budget": _budget,
    "unusual": _unusual,
    "proposal": _proposal,
    **dict.fromkeys(BILL_KINDS, bill_letter),
}
