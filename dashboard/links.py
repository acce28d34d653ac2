"""Addresses that are followed from outside: in a message, on a terminal, back from Stripe."""

from typing import Any

from flask import current_app, url_for

from dashboard.extensions import current_config


def signing_keys() -> list[str]:
    """Return the keys whose signatures are ours; the last one signs."""
    return current_config().signing_keys


def address(endpoint: str, **values: Any) -> str:
    """Return the whole address of a page, as the settings say it is reached.

    Never as the request was: its `Host` is whatever its sender says.
    """
    config = current_config()
    with current_app.test_request_context(base_url=config.external_address):
        return url_for(endpoint, **values, _external=True)


def link(endpoint: str, secret: str) -> str:
    """Return the whole address of a page that a secret opens.

    It is in the query, which the product's own log leaves out.
    """
    return address(endpoint, secret=secret)
