"""Who caused a change: a user, an API token, Stripe or the system itself."""

from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["user", "token", "system", "stripe"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a change.

    `id` is the row id of the user or token, None for the kinds that have no row. `label` is what
    people read, such as an e-mail address or a token's name; it outlives the row.
    """

    kind: ActorKind
    id: int | None
    label: str


SYSTEM = Actor("system", None, "System")
STRIPE = Actor("stripe", None, "Stripe")
# Who tries to sign in is nobody yet.
NOBODY = Actor("system", None, "Not signed in")
