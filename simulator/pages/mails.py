"""What the product mailed in the demo: a folder of messages, shown as a mailbox would."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from flask import Blueprint, Response, abort, render_template

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Received:
    """A message as its reader sees it."""

    name: str
    sender: str
    to: str
    subject: str
    at: datetime
    text: str
    html: str


# An e-mail brings its own style, and may do nothing else.
OF_A_MAIL = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


def mail_blueprint(folder: Path) -> Blueprint:
    """Return the list at /_simulator/mails and a page for each mail."""
    blueprint = Blueprint("mails", __name__)

    @blueprint.get("/_simulator/mails")
    def index() -> str:
        paths = sorted(folder.glob("*.eml"), key=_written_at, reverse=True)[:SHOWN]
        return render_template("mails.html", mails=[read(path) for path in paths], limit=SHOWN)

    @blueprint.get("/_simulator/mails/<name>")
    def show(name: str) -> str:
        return render_template("mail.html", mail=found(name))

    @blueprint.get("/_simulator/mails/<name>/html")
    def html(name: str) -> Response:
        response = Response(found(name).html, mimetype="text/html")
        response.headers["Content-Security-Policy"] = OF_A_MAIL
        return response

    def found(name: str) -> Received:
        path = next((one for one in folder.glob("*.eml") if one.stem == name), None)
        return read(path) if path else abort(404)

    return blueprint


def read(path: Path) -> Received:
    """Return the message in a file."""
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    body, page = message.get_body(("plain",)), message.get_body(("html",))
    return Received(
        name=path.stem,
        sender=str(message["From"]),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        at=parsedate_to_datetime(str(message["Date"])),
        text=body.get_content() if body else "",
        html=page.get_content() if page else "",
    )


def _written_at(path: Path) -> float:
    return path.stat().st_mtime
