"""What was billed, invoice by invoice, for the same thing: one cycle, price version and service.

A cycle may be billed by several invoices (an early roll, late usage). Each bills what everything up
to it costs together, less what the earlier ones billed; so the sum depends on the facts alone. What
a void invoice asked for was billed by nobody: it is a claim that a person decides on, and is
neither billed here nor credited (docs/decisions/void-is-not-billed.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import contains_eager

from dashboard.billing.models import FOLLOWING, Invoice, InvoiceItem
from dashboard.billing.standing import Standing, fit, within
from dashboard.billing.void_models import VoidClaim
from dashboard.extensions import db
from dashboard.money import round_charge
from dashboard.pricing.exact import major_text
from dashboard.pricing.rating import Rated
from dashboard.rehearsal import rehearses


class ChainKey(NamedTuple):
    """What a chain of items is for; usage of all services together has no service."""

    cycle_id: int
    price_version_id: int | None
    service_id: int | None


class Link(NamedTuple):
    """An item and its invoice; on a void invoice also what it claims."""

    invoice: Invoice
    item: InvoiceItem
    claim: VoidClaim | None = None

    @property
    def credited_cents(self) -> int:
        """What credit notes took off again of what it bills; off a void one there is nothing."""
        return 0 if self.invoice.status == "void" else self.item.credited_cents

    @property
    def forgiven_cents(self) -> int:
        """What of that is not asked for again; what was taken off to be billed again is."""
        reissued = 0 if self.invoice.status == "void" else self.item.reissued_cents
        return self.credited_cents - reissued

    @property
    def billed_cents(self) -> int:
        """What its invoice bills of it, less its credit notes; a void one bills nothing."""
        billed = 0 if self.invoice.status == "void" else self.item.billed_cents
        return billed - self.credited_cents


class Chains:
    """The items of one kind for some cycles of some organizations, in their invoices' order.

    What was carried on from one of them, or billed again after a void, follows it.
    """

    def __init__(self, links: Collection[Link]) -> None:
        self._links: dict[ChainKey, list[Link]] = defaultdict(list)
        self._following: dict[int, list[Link]] = defaultdict(list)
        for link in links:
            if link.item.kind in FOLLOWING:
                self._following[link.item.carried_from_id or 0].append(link)
            else:
                self._put(link)

    @classmethod
    def load(
        cls,
        kind: str,
        organization_ids: Collection[int],
        cycle_ids: Collection[int],
        *,
        service_ids: Collection[int] | None = None,
    ) -> Chains:
        """Read the chains with one query, if told of some services only; take the locks first."""
        query = (
            select(Invoice, InvoiceItem, VoidClaim)
            .join(Invoice, Invoice.id == InvoiceItem.invoice_id)
            .outerjoin(VoidClaim, VoidClaim.item_id == InvoiceItem.id)
            .outerjoin(VoidClaim.case)
            .options(contains_eager(VoidClaim.case))
            .where(
                InvoiceItem.organization_id.in_(organization_ids),
                InvoiceItem.cycle_id.in_(cycle_ids),
                InvoiceItem.kind.in_((kind, *FOLLOWING)),
            )
        )
        if service_ids is not None:
            # What follows an item is of no service.
            of_these = InvoiceItem.service_id.in_(service_ids)
            query = query.where(or_(of_these, InvoiceItem.kind.in_(FOLLOWING)))
        rows = db.session.execute(query.execution_options(populate_existing=True))
        links = [Link(*row) for row in rows]
        return cls(_with_rehearsed(links, kind, cycle_ids) if rehearses() else links)

    def items(self) -> list[InvoiceItem]:
        """Return all the items."""
        return [link.item for links in self._links.values() for link in links]

    def items_on(self, invoice: Invoice) -> list[InvoiceItem]:
        """Return the items on `invoice`."""
        every = (link for links in self._links.values() for link in links)
        return [link.item for link in every if link.invoice is invoice]

    def of(self, key: ChainKey) -> list[Link]:
        """Return the items for `key` in the order of their invoices."""
        return list(self._links[key])

    def asked_for(self, key: ChainKey) -> int:
        """Return what all invoices together ask for, less what notes took off."""
        every = (link for first in self._links[key] for link in self._with_following(first))
        return sum(link.billed_cents for link in every)

    def on(self, key: ChainKey, invoice: Invoice) -> InvoiceItem | None:
        """Return the item for `key` on `invoice`; None if it has none yet."""
        return next((link.item for link in self._links[key] if link.invoice is invoice), None)

    def before(self, key: ChainKey, invoice: Invoice, owed_cents: int) -> Standing:
        """Return what invoices before this one did with the `owed_cents` that all so far costs.

        Claims count as far as they are owed beyond what was billed: no more can be decided on, and
        nothing is credited of what nobody billed. So does what a credit note took off: it is not
        asked for again, and what facts take off later is taken from it first.
        """
        earlier = self._earlier(key, invoice)
        kept = fit_claims(earlier, owed_cents)
        sums = defaultdict[str, int](int)
        for claim, cents in kept:
            sums[claim.case.state] += cents
        billed = sum(link.billed_cents for link in earlier)
        rebilled = sum(link.billed_cents for link in earlier if link.item.kind == "rebilled")
        beyond = owed_cents - max(billed, 0) - sum(sums.values())
        return Standing(
            billed=billed - rebilled,
            rebilled=rebilled,
            credited=within(beyond, sum(link.forgiven_cents for link in earlier)),
            held=sums["undecided"],
            written_off=sums["written_off"],
            void=tuple({claim.case.invoice.called: None for claim, cents in kept if cents}),
        )

    def settle(self, key: ChainKey, invoice: Invoice, owed_cents: int) -> Standing:
        """Return what `before` returns, and keep with each claim what is still owed of it."""
        for claim, cents in fit_claims(self._earlier(key, invoice), owed_cents):
            claim.owe(cents)
        return self.before(key, invoice, owed_cents)

    def put(self, invoice: Invoice, item: InvoiceItem) -> None:
        """Add an item that is new."""
        self._put(Link(invoice, item))

    def drop(self, item: InvoiceItem) -> None:
        """Forget an item that is removed."""
        key = key_of(item)
        self._links[key] = [link for link in self._links[key] if link.item is not item]

    def _put(self, link: Link) -> None:
        chain = self._links[key_of(link.item)]
        chain.append(link)
        chain.sort(key=lambda one: one.invoice.sequence)

    def _earlier(self, key: ChainKey, invoice: Invoice) -> list[Link]:
        """Return what invoices before this one have for `key`, with all that follows from it."""
        return [
            link
            for first in self._links[key]
            if first.invoice.sequence < invoice.sequence
            for link in self._with_following(first)
        ]

    def _with_following(self, link: Link) -> Iterator[Link]:
        yield link
        for following in self._following.get(link.item.id, ()):
            yield from self._with_following(following)


def _with_rehearsed(links: list[Link], kind: str, cycle_ids: Collection[int]) -> list[Link]:
    """Return the links as a rehearsal would leave them, which has written nothing of that."""
    claims = {one.item: one for one in db.session.new if isinstance(one, VoidClaim)}
    added = [
        Link(db.session.get_one(Invoice, one.invoice_id), one)
        for one in db.session.new
        if isinstance(one, InvoiceItem)
        and one.kind in (kind, *FOLLOWING)
        and one.cycle_id in cycle_ids
    ]
    kept = [link for link in links if link.item not in db.session.deleted]
    return [link._replace(claim=claims.get(link.item, link.claim)) for link in kept] + added


def key_of(item: InvoiceItem) -> ChainKey:
    """Return what an item is chained by."""
    return ChainKey(item.cycle_id, item.price_version_id, item.service_id)


def fit_claims(links: Collection[Link], owed_cents: int) -> list[tuple[VoidClaim, int]]:
    """Return what of the claims among `links` is owed beyond what these billed."""
    billed = sum(link.billed_cents for link in links)
    claims = [link.claim for link in links if link.claim and link.claim.case.state != "billed"]
    # A credit against what is void since leaves less than nothing billed.
    kept = fit([claim.claimed_cents for claim in claims], owed_cents - max(billed, 0))
    return list(zip(claims, kept, strict=True))


def takes_changes(invoices: Sequence[Invoice]) -> list[Invoice]:
    """Return which of one cycle's invoices take a change of it: those after the last frozen one.

    A change put before an invoice that is already cut would alter what that one should have billed.
    """
    ordered = sorted(invoices, key=lambda invoice: invoice.sequence)
    frozen = [index for index, invoice in enumerate(ordered) if not invoice.is_changeable]
    return ordered[frozen[-1] + 1 :] if frozen else ordered


def remainder(rated: Rated, before: Standing) -> Rated:
    """Return what is left of `rated` (everything so far) after what became of it before."""
    if before == Standing():
        return rated
    # What earlier invoices billed may be finer than the currency can be charged in by now.
    amount = round_charge(rated.amount_cents - before.cents, rated.trace["currency"])
    trace = rated.trace | {
        "billed_before_cents": before.billed + before.rebilled,
        "held_cents": before.held,
        "written_off_cents": before.written_off,
        "credited_cents": before.credited,
        "amount_cents": amount,
        "words": [*rated.trace["words"], _words(before, amount, rated.trace["currency"])],
    }
    return Rated(amount, trace)


def _words(before: Standing, amount: int, currency: str) -> str:
    on = f"on void {' and '.join(before.void)}"
    parts = (
        (before.billed, "of it was billed on earlier invoices"),
        (before.rebilled, "of it was on a void invoice and is billed as an item of its own"),
        (before.held, f"of it is {on} and needs a decision"),
        (before.written_off, f"of it was {on} and is written off"),
        (before.credited, "of it was taken off by a credit note and is not asked for again"),
    )
    said = [f"{major_text(Decimal(cents), currency)} {what}" for cents, what in parts if cents]
    left = major_text(Decimal(abs(amount)), currency)
    last = f"{left} too much is credited here." if amount < 0 else f"{left} is left for this one."
    return "; ".join([*said, last])
