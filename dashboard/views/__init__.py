"""Pages, one file per resource."""

from flask import Flask


def register_views(app: Flask) -> None:
    """Add every page to `app`."""
