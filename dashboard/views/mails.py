"""The e-mails about an organization's bills: who gets which, what was sent, and once more."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.audit.write import write_entry
from dashboard.billing.mail_settings import read_days, set_mails
from dashboard.billing.policy import current_policy
from dashboard.clock import utc_now
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.extensions import current_config
from dashboard.forms.base import DAMAGED
from dashboard.forms.mails import AgainForm, ChoiceForm, MailSettingsForm
from dashboard.forms.refused import show_refusal
from dashboard.letters.bills import shown_letter
from dashboard.letters.refusals import NotNeeded
from dashboard.mail.again import newest_of, send_again
from dashboard.mail.bills import is_receiver
from dashboard.mail.choices import choose
from dashboard.mail.kinds import BILL_KINDS
from dashboard.mail.message import Letter
from dashboard.mail.models import Mail
from dashboard.mail.refused import accept_again
from dashboard.organizations.lookup import organization_by_slug, own_row
from dashboard.organizations.models import Organization
from dashboard.reading.mails import Receiver, mails_page, receivers_of
from dashboard.views.access import current_actor, reader
from dashboard.views.headers import content_policy
from dashboard.views.listing import log_kind
from jobs.mails import send_mails

bp = Blueprint("mails", __name__, url_prefix="/organizations/<slug>/mails")
MAILS = log_kind("mails.index", "e-mail", "e-mails")
# A mail is shown as its reader's program shows it: with its own style, and nothing else.
OF_A_MAIL = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "


@bp.get("")
@permission("organization.view")
def index(slug: str) -> ResponseReturnValue:
    """Show who gets which e-mails; for support also those that were sent, and the settings."""
    organization = organization_by_slug(slug)
    form = MailSettingsForm(
        mails_bills=organization.mails_bills,
        reminder_days=", ".join(map(str, organization.reminder_days)),
    )
    return _page(organization, form)


@bp.post("/settings")
@permission("organization.change")
def update(slug: str) -> ResponseReturnValue:
    """Turn e-mails about bills on or off, and set the days of reminders."""
    organization, form = organization_by_slug(slug), MailSettingsForm()
    if not form.validate_on_submit():
        return _page(organization, form), 422
    try:
        set_mails(
            organization,
            mails_bills=bool(form.mails_bills.data),
            reminder_days=read_days(form.reminder_days.data),
            actor=current_actor(),
            now=utc_now(),
        )
    except Invalid as error:
        show_refusal(form, error)
        return _page(organization, form), 422
    flash("The e-mail settings are saved.")
    return _back(slug)


@bp.post("/choices")
@permission("mail.choose")
def choose_own(slug: str) -> ResponseReturnValue:
    """Keep what the reader wants to be e-mailed."""
    organization = organization_by_slug(slug)
    own = next((one for one in receivers_of(organization) if _is_own(one)), None)
    if own is None:
        raise Conflict("You get no e-mails about its bills. Nothing was changed.")
    return _choose(organization, own)


@bp.post("/billing-choices")
@permission("mail.choose")
def choose_billing(slug: str) -> ResponseReturnValue:
    """Keep what the billing e-mail gets, beside the invoices."""
    organization = organization_by_slug(slug)
    return _choose(organization, receivers_of(organization)[0])


@bp.get("/<int:mail_id>")
@permission("mail.view")
def show(slug: str, mail_id: int) -> ResponseReturnValue:
    """Show an e-mail as it was sent, or as it would be now."""
    organization, mail = _mail(slug, mail_id)
    letter, why_not = _letter(mail)
    page = render_template(
        "mails/show.html",
        organization=organization,
        mail=mail,
        kind=BILL_KINDS[mail.kind],
        letter=letter,
        why_not=why_not,
        newest=newest_of(mail),
        form=AgainForm(),
    )
    response = make_response(page)
    policy = f"{content_policy(current_config())}; frame-src 'self'"
    response.headers["Content-Security-Policy"] = policy
    return response


@bp.get("/<int:mail_id>/body")
@permission("mail.view")
def body(slug: str, mail_id: int) -> ResponseReturnValue:
    """Show the HTML of an e-mail by itself."""
    _, mail = _mail(slug, mail_id)
    letter, why_not = _letter(mail)
    if letter is None:
        raise NotFound(f"There is nothing to show. {why_not}")
    response = Response(letter.html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = f"{OF_A_MAIL}frame-ancestors 'self'"
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@bp.post("/<int:mail_id>/resends")
@permission("mail.send")
def resend(slug: str, mail_id: int) -> ResponseReturnValue:
    """Send an e-mail again, to its address or the one that took its place."""
    organization, mail = _mail(slug, mail_id)
    if not AgainForm().validate_on_submit():
        raise Invalid(DAMAGED)
    if not current_policy().mails_bills or current_app.extensions["mail"] is None:
        raise Conflict("E-mails about bills are off here. No e-mail was sent.")
    if mail.state in ("waits", "delayed"):
        raise Conflict("This e-mail is not sent yet. No other was sent. Wait for it.")
    still = is_receiver(organization.id, mail.address, mail.kind)
    address = mail.address if still else organization.email.lower()
    again, is_new = send_again(mail, address, now=utc_now())
    if is_new:
        facts = {"what": BILL_KINDS[mail.kind].label, "email": address, "mail_id": again.id}
        write_entry("mail.sent_again", again, current_actor(), facts, now=utc_now())
        send_mails.enqueue()
    flash(f"The e-mail is on its way to {address}.")
    return redirect(url_for("mails.show", slug=slug, mail_id=again.id), code=303)


@bp.post("/accepted-addresses")
@permission("mail.send")
def try_again(slug: str) -> ResponseReturnValue:
    """Let an address that was refused get e-mails again."""
    organization, address = organization_by_slug(slug), request.form.get("accepted", "")
    if not AgainForm().validate_on_submit():
        raise Invalid(DAMAGED)
    if address not in [one.address for one in receivers_of(organization)]:
        raise Invalid(
            "This organization has no such address. Nothing was changed. Reload the page."
        )
    if accept_again(address):
        facts = {"email": address}
        write_entry("mail.address_accepted", organization, current_actor(), facts, now=utc_now())
    flash(f"E-mails go to {address} again.")
    return _back(slug)


def _is_own(one: Receiver) -> bool:
    if one.member is not None:
        return one.member.user_id == reader().id
    return False


def _choose(organization: Organization, whose: Receiver) -> ResponseReturnValue:
    form = ChoiceForm()
    if not form.validate_on_submit():
        raise Invalid(DAMAGED)
    wanted = form.wanted(list(whose.wanted))
    choose(organization.id, whose.address, wanted, now=utc_now())
    kinds = [BILL_KINDS[name].label for name, is_wanted in wanted.items() if is_wanted]
    facts = {"email": whose.address, "kinds": kinds or ["none"]}
    write_entry("mail_choice.made", organization, current_actor(), facts, now=utc_now())
    flash("The choice of e-mails is saved.")
    return _back(organization.slug)


def _mail(slug: str, mail_id: int) -> tuple[Organization, Mail]:
    organization = organization_by_slug(slug)
    missing = "This organization has no such e-mail. Old ones are deleted after 90 days."
    return organization, own_row(Mail, organization, mail_id, missing)


def _letter(mail: Mail) -> tuple[Letter | None, str | None]:
    try:
        return shown_letter(mail, now=utc_now()), None
    except NotNeeded as reason:
        return None, str(reason)


def _page(organization: Organization, form: MailSettingsForm) -> str:
    asked = MAILS.asked()
    shown = mails_page(organization, asked, for_staff=reader().is_staff)
    listed = MAILS.listing(shown.mails, asked.sort, slug=organization.slug) if shown.mails else None
    return render_template(
        "mails/index.html",
        organization=organization,
        page=shown,
        mails=listed,
        kinds=BILL_KINDS,
        form=form,
        is_on=current_policy().mails_bills,
    )


def _back(slug: str) -> ResponseReturnValue:
    return redirect(url_for("mails.index", slug=slug), code=303)
