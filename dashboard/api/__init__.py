"""The JSON API, one file per resource."""

from flask import Flask


def register_api(app: Flask) -> None:
    """Add the API to `app`."""
