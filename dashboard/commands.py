"""Commands beside the web: `doctor`, `invariants`, `ledger …`, `mails …`, `people …`, …"""

from flask import Flask

from dashboard.backups.command import backup_commands
from dashboard.close_commands import close_commands
from dashboard.doctor.command import doctor
from dashboard.gaps.command import gaps
from dashboard.gateway.conformance.command import stripe_commands
from dashboard.invariants.command import invariants
from dashboard.mail_commands import mail_commands
from dashboard.people_commands import people_commands
from dashboard.recount.command import ledger_commands
from dashboard.restores.command import restore_commands


def register_commands(app: Flask) -> None:
    """Add the product's commands to `flask`."""
    app.cli.add_command(doctor)
    app.cli.add_command(invariants)
    app.cli.add_command(ledger_commands)
    app.cli.add_command(restore_commands)
    app.cli.add_command(backup_commands)
    stripe_commands.add_command(gaps)
    app.cli.add_command(stripe_commands)
    app.cli.add_command(mail_commands)
    app.cli.add_command(people_commands)
    app.cli.add_command(close_commands)
