"""Where passkeys are used: the address of EXTERNAL_URL, to which browsers bind each of them."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from flask import request, session

from dashboard.accounts.factors.passkeys import Place, Question
from dashboard.clock import utc_now
from dashboard.extensions import current_config

QUESTION = "question"


def place() -> Place:
    """Return where passkeys are used."""
    config = current_config()
    parts = urlsplit(config.external_address)
    return Place(f"{parts.scheme}://{parts.netloc}")


def is_here() -> bool:
    """Whether the reader came by that address: no browser shows its passkeys at another."""
    where = place()
    return where.is_named and urlsplit(request.host_url).netloc == urlsplit(where.origin).netloc


def keep_question(options: tuple[str, bytes]) -> str:
    """Return the options for the page; what was asked in them is kept for the answer."""
    told, challenge = options
    session[QUESTION] = [challenge.hex(), utc_now().isoformat()]
    return told


def take_question() -> Question:
    """Return what this browser was asked last; it counts once."""
    kept = session.pop(QUESTION, None)
    if kept is None:
        return Question()
    challenge, asked_at = kept
    return Question(bytes.fromhex(challenge), datetime.fromisoformat(asked_at))
