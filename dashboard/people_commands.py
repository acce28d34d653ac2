"""`flask people …`: the first admin, and a way back in for the only one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.exc import SQLAlchemyError

from dashboard.accounts import people
from dashboard.accounts.factors.held import take_factors_away
from dashboard.accounts.invitations import LIFE, invitation_token, invite
from dashboard.accounts.models import ROLES
from dashboard.accounts.reset import reset_token
from dashboard.audit.actor import Actor
from dashboard.clock import utc_now
from dashboard.database_failures import reason_of
from dashboard.errors import BillingError
from dashboard.links import link, signing_keys
from dashboard.mail.outbox import mail_invitation
from dashboard.organizations.lookup import organization_by_slug
from dashboard.transaction import transaction
from jobs.mails import is_mail_on, send_mails

OPERATOR = Actor("system", None, "Command line")


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """Let a refusal, of the product or its database, end the command with a sentence."""
    try:
        yield
    except BillingError as error:
        raise click.ClickException(error.message) from error
    except SQLAlchemyError as error:
        raise click.ClickException(
            f"The database cannot be used: {reason_of(error)}. Run `flask --app wsgi doctor`."
        ) from error


people_commands = click.Group("people", help="Who can sign in.")


@people_commands.command("invite")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--organization", metavar="SLUG", help="The organization a customer belongs to.")
def invite_person(email: str, role: str, organization: str | None) -> None:
    """Print, and mail, a link by which EMAIL becomes a user; it works once, for a week."""
    now = utc_now()
    with refusals_in_words(), transaction():
        found = organization_by_slug(organization) if organization else None
        organization_id = found.id if found else None
        invitation = invite(email, role, organization_id=organization_id, actor=OPERATOR, now=now)
        invited, secret = (
            invitation.email,
            invitation_token(invitation, signing_keys()),
        )
        if is_mail_on():
            mail_invitation(invitation, now=now)
            send_mails.enqueue()
    click.echo(f"{invited} becomes {role} with this link. It works once, within {LIFE.days} days:")
    click.echo(link("invitations.show", secret))
    if is_mail_on():
        click.echo(f"An e-mail with the link is on its way to {invited}.", err=True)


@people_commands.command("list")
def list_people() -> None:
    """Print everybody who has ever been able to sign in."""
    with refusals_in_words():
        everybody = people.everybody()
    for person in everybody:
        state = "" if person.is_active else "  (deactivated)"
        click.echo(f"{person.email:40} {person.role:10} {person.name}{state}")


@people_commands.command("reset")
@click.argument("email")
def reset_password(email: str) -> None:
    """Print a link by which EMAIL sets a new password; it works once, for a day."""
    with refusals_in_words(), transaction():
        user = people.person_by_email(email)
        people.note_reset_link(user, actor=OPERATOR, now=utc_now())
        secret = reset_token(user, signing_keys())
    click.echo("Set a new password with this link. It works once, within a day:")
    click.echo(link("password.new", secret))


@people_commands.command("reset-factors")
@click.argument("email")
def reset_factors(email: str) -> None:
    """Take the second factors from EMAIL, who lost them, and sign them out everywhere."""
    with refusals_in_words(), transaction():
        user = people.person_by_email(email)
        take_factors_away(user, actor=OPERATOR, now=utc_now())
    click.echo(f"{email} now has no second factor and is signed out everywhere.")


@people_commands.command("deactivate")
@click.argument("email")
def deactivate_person(email: str) -> None:
    """End every session and API token of EMAIL, who cannot sign in any more."""
    with refusals_in_words(), transaction():
        user = people.person_by_email(email)
        people.deactivate(user, actor=OPERATOR, now=utc_now())
    click.echo(f"{email} is signed out everywhere and can no longer sign in.")
