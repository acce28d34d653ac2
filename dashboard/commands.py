"""Commands beside the web: `flask stripe conformance` and the like."""

from flask import Flask

from dashboard.gateway.conformance.command import stripe_commands


def register_commands(app: Flask) -> None:
    """Add the product's commands to `flask`."""
    app.cli.add_command(stripe_commands)
