"""Commands beside the web: `flask stripe conformance`, `flask people invite`."""

from flask import Flask

from dashboard.gateway.conformance.command import stripe_commands
from dashboard.people_commands import people_commands


def register_commands(app: Flask) -> None:
    """Add the product's commands to `flask`."""
    app.cli.add_command(stripe_commands)
    app.cli.add_command(people_commands)
