"""What a look after a restore may find: what it is, how it is put right, and whether it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

# `take_over` and `delete` are done here by a person's press; `at_stripe` only a person can do.
# `release` is done by what goes on once the ledger is released: an event, or a comparing sync.
Repair = Literal["take_over", "delete", "at_stripe", "release"]


class Kind(NamedTuple):
    """How findings of a kind are called and put right; what `counts` keeps the ledger held."""

    word: str
    repair: Repair
    action: str
    recipe: str

    @property
    def counts(self) -> bool:
        """Whether the ledger is not released over it without a reason."""
        return self.repair != "release"


KINDS: dict[str, Kind] = {
    "customer": Kind(
        "Customer forgotten", "take_over", "Take over",
        "The organization takes over the customer that bears its number and its e-mail, so that "
        "no second one is created.",
    ),
    "second_customer": Kind(
        "Second customer", "at_stripe", "Open at Stripe",
        "Compare the two at Stripe, and delete the one that is not wanted. Then look again.",
    ),
    "lost_customer": Kind(
        "Organization forgotten", "at_stripe", "Open at Stripe",
        "Create the organization again from your own records; it gets a customer of its own. "
        "Delete this one at Stripe, then look again.",
    ),
    "draft": Kind(
        "Draft forgotten", "take_over", "Take over",
        "The invoice takes over its draft, so that no second one is created. Once the ledger is "
        "released, every line is compared.",
    ),
    "lost_draft": Kind(
        "Draft of no invoice", "delete", "Delete draft",
        "The ledger has no such invoice, so its own next one bills the same again. The draft is "
        "deleted at Stripe, which would else finalize it after a while.",
    ),
    "second_draft": Kind(
        "Second draft", "at_stripe", "Open at Stripe",
        "The invoice has a draft of its own. Compare the two at Stripe, and delete the one that is "
        "not wanted: it would be finalized there after a while. Then look again.",
    ),
    "lost_share": Kind(
        "On a subscription's draft", "at_stripe", "Open at Stripe",
        "Our lines on it belong to no bill of the ledger, which bills the same elsewhere. Remove "
        "them from the draft at Stripe, and dashboard_invoice from its metadata, and have it "
        "finalized there. Then look again.",
    ),
    "lost_invoice": Kind(
        "Bill of no invoice", "at_stripe", "Open at Stripe",
        "It was billed, and the ledger will bill the same again. Void it at Stripe, or credit the "
        "organization here once the ledger is released. Then release with that reason.",
    ),
    "issued": Kind(
        "Issued meanwhile", "release", "",
        "Once senders repeated their usage and the ledger is released, its event is processed: the "
        "ledger takes over what was billed, and what differs is named on the invoice.",
    ),
    "note": Kind(
        "Credit note forgotten", "release", "",
        "Do not make it again. Once the ledger is released, it is taken over from its event.",
    ),
    "refund": Kind(
        "Refund forgotten", "release", "",
        "Do not make it again. Once the ledger is released, it is taken over from its event.",
    ),
    "mark": Kind(
        "Mark of a later ledger", "release", "",
        "See that no copy of the database writes to the same account. It is known, and taken away, "
        "once the ledger is released.",
    ),
    "changed": Kind(
        "Draft changed", "release", "",
        "Once the ledger is released, every line is compared, and Stripe's become the ledger's.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that Stripe has of us and that the ledger forgot."""

    kind: str
    stripe_id: str
    told: str
    organization_id: int | None = None
    sequence: int | None = None
