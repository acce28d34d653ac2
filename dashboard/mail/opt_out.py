"""Links by which whoever reads a mail turns off mails of its kind, without signing in.

They do not end: a mail is read years later. All that one opens is to be sent less, or as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from dashboard.errors import NotFound
from dashboard.mail.kinds import BILL_KINDS


class UnknownOptOut(NotFound):
    """The link is none of ours, or is not whole."""

    code = "unknown_opt_out"


@dataclass(frozen=True, slots=True)
class OptOut:
    """Whose mails, about which organization, of which kind."""

    organization_id: int
    address: str
    kind: str


def opt_out_token(opt_out: OptOut, keys: Sequence[str]) -> str:
    """Return the secret part of a link that turns off mails of a kind to an address."""
    told = [opt_out.organization_id, opt_out.address, opt_out.kind]
    return str(_serializer(keys).dumps(told))


def read_opt_out(token: str, keys: Sequence[str]) -> OptOut:
    """Return what a link turns off; raises `UnknownOptOut`."""
    unknown = UnknownOptOut(
        "This link is not complete. Nothing was changed. Open it from the e-mail again, or sign in "
        "and choose your e-mails there."
    )
    try:
        organization_id, address, kind = _serializer(keys).loads(token)
    except (BadData, ValueError, TypeError):
        raise unknown from None
    if kind not in BILL_KINDS or not isinstance(organization_id, int):
        raise unknown
    return OptOut(organization_id, str(address), kind)


def _serializer(keys: Sequence[str]) -> URLSafeSerializer:
    return URLSafeSerializer(list(keys), salt="turn off mails")
