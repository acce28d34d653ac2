"""Links that are followed from outside: in a message, or read from a terminal."""

from flask import current_app, url_for

from dashboard.config import Config


def signing_keys() -> list[str]:
    """Return the keys whose signatures are ours; the last one signs."""
    config: Config = current_app.extensions["config"]
    return config.signing_keys


def link(endpoint: str, secret: str) -> str:
    """Return the whole address of a page that a secret opens.

    It is in the query, which the product's own log leaves out.
    """
    config: Config = current_app.extensions["config"]
    with current_app.test_request_context(base_url=config.external_address):
        return url_for(endpoint, secret=secret, _external=True)
