"""`flask mails …`: what came back to the sender, told by whoever reads that mailbox."""

from __future__ import annotations

import click

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.clock import utc_now
from dashboard.email_address import email_address
from dashboard.mail.refused import accept_again, note_refused
from dashboard.organizations.lookup import organizations_by_email
from dashboard.people_commands import refusals_in_words
from dashboard.text import printable
from dashboard.transaction import transaction

OPERATOR = Actor("system", None, "Command line")

mail_commands = click.Group("mails", help="E-mails about bills.")


@mail_commands.command("bounced")
@click.argument("email")
@click.option("--reason", default="An e-mail to it came back.", help="What the report said.")
def bounced(email: str, reason: str) -> None:
    """Send no e-mails about bills to EMAIL until it is changed or accepted again."""
    now, why = utc_now(), printable(reason)
    with refusals_in_words(), transaction():
        address = email_address(email).lower()
        note_refused(address, why, told_by="report", now=now)
        for one in organizations_by_email(address):
            facts = {"email": address, "reason": why}
            write_entry("mail.address_refused", one, OPERATOR, facts, now=now)
    click.echo(f"No e-mails about bills go to {address}.")


@mail_commands.command("accept")
@click.argument("email")
def accept(email: str) -> None:
    """Send e-mails about bills to EMAIL again."""
    now = utc_now()
    with refusals_in_words(), transaction():
        address = email_address(email).lower()
        was_refused = accept_again(address)
        for one in organizations_by_email(address) if was_refused else ():
            write_entry("mail.address_accepted", one, OPERATOR, {"email": address}, now=now)
    click.echo(f"E-mails about bills go to {address}." if was_refused else "It was not refused.")
