"""Commands beside the web: `flask stripe conformance` and the like."""

from flask import Flask


def register_commands(app: Flask) -> None:
    """Add the product's commands to `flask`."""
