"""Who makes what outlives their request, an API token or an invitation, and loses it with access.

They are locked until it is stored. Whatever ends their access at that moment waits and ends it too,
or came first, and nothing is made.
"""

from __future__ import annotations

from dashboard.accounts.locks import lock_user
from dashboard.audit.actor import Actor
from dashboard.errors import Conflict


def hold_maker(actor: Actor, *, as_admin: bool) -> None:
    """Lock the person that `actor` is, if one; raises `Conflict` if they may make nothing any more.

    `as_admin`: what they make ends with their being an admin.
    """
    if actor.kind != "user" or actor.id is None:
        return
    maker = lock_user(actor.id)
    if maker is None or not maker.is_active or (as_admin and maker.role != "admin"):
        raise Conflict("Your access was just removed. Nothing was created. Ask an admin.")
