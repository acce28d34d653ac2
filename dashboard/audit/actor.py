"""Who caused a change: a user, an API token, Stripe or the system itself."""

from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["user", "token", "system", "stripe"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of an audit entry.

    `id` is the row id of the user or token as text, or a word for parts that have no row ("scheduler",
    "webhooks"). `label` is what people read, such as an e-mail address; it survives the deletion of the row.
    """

    kind: ActorKind
    id: str
    label: str


SYSTEM = Actor("system", "system", "System")
STRIPE = Actor("stripe", "stripe", "Stripe")
