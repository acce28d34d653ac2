"""What a sync starts from: the ledger's lines and what was last agreed, read at one instant."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from dashboard.billing.locks import read_held
from dashboard.billing.models import Invoice
from dashboard.billing.period import whole_second
from dashboard.billing.policy import current_policy
from dashboard.billing.subscription import on_theirs
from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.gateway.protocol import LINES_PER_INVOICE
from dashboard.gateway.records import LineContent, RemoteLine, Taxed
from dashboard.pricing.models import Price, PriceVersion
from dashboard.sync.compare import Comparison, compare
from dashboard.sync.facts import AgreedFacts, ChargeFacts
from dashboard.sync.models import SyncedLine
from dashboard.sync.plan import Known, Plan, make_plan
from dashboard.sync.rollup import REST, REST_NAME, Member, roll_up
from dashboard.sync.rows import Added, Charge, read_sides
from dashboard.sync.taxed_lines import fit
from dashboard.sync.theirs import room_for

_GLANCES = 5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The ledger's side of one invoice as of `revision`, and the last agreed state."""

    revision: int
    exists: bool
    desired: tuple[LineContent, ...]
    synced: tuple[Known, ...]
    # How many lines added at Stripe are known, those that somebody decided to remove, and how many
    # stay with their sum.
    added: int
    unwanted: tuple[Known, ...]
    added_left: int
    added_cents: int
    # What no line had room for of the credits of a taxed bill: (key, cents), cents below zero.
    credits_left: tuple[tuple[str, int], ...] = ()
    # Whether Stripe is to begin to work tax out, for which every line is sent as a taxed one.
    starts_tax: bool = False
    # Whether it is to stop doing so, as we had asked for it.
    stops_tax: bool = False

    def plan(self, comparison: Comparison | None = None) -> Plan:
        """Return the plan from the last agreed state, or from what a comparison saw at Stripe."""
        known = self.synced if comparison is None else comparison.known
        if self.starts_tax:
            known = tuple(replace(one, marked=False) for one in known)
        plan = make_plan(
            self.desired,
            known,
            exists=self.exists,
            unwanted=self.unwanted,
            added_cents=self.added_cents,
        )
        return replace(plan, others=int(self.starts_tax or self.stops_tax))

    def compare(self, remote: list[RemoteLine]) -> Comparison:
        """Compare with Stripe's lines."""
        return compare(self.desired, self.synced, remote)


def take_snapshot(invoice: Invoice) -> Snapshot:
    """Read the snapshot of `invoice`; revision and items are of one instant.

    The row is locked while reading: whoever changes items holds that lock too.
    """
    read_held(invoice)
    return _read(invoice)


def glance(invoice: Invoice) -> Snapshot:
    """Return the snapshot for somebody who only looks: nobody waits for it.

    It is read again when the ledger moved meanwhile. Raises `Busy` if that does not end.
    """
    for _ in range(_GLANCES):
        db.session.refresh(invoice)
        snapshot = _read(invoice)
        db.session.refresh(invoice)
        if snapshot.revision == invoice.revision:
            return snapshot
    raise Busy("The bill is changing too fast to read. Nothing was changed. Try again in a moment.")


def _read(invoice: Invoice) -> Snapshot:
    charges, agreed, added = read_sides(invoice.id)
    left = [line for line in added if line.decision not in ("take_ours", "adopt")]
    desired, credits_left = _desired(invoice, [item for item in charges if is_billed(item)])
    return Snapshot(
        revision=invoice.revision,
        exists=invoice.stripe_invoice_id is not None,
        desired=desired,
        synced=tuple(known_of(line) for line in agreed),
        added=len(added),
        unwanted=tuple(unwanted_of(line) for line in added if line.decision == "take_ours"),
        added_left=len(left),
        added_cents=sum(line.amount_cents for line in left),
        credits_left=credits_left,
        starts_tax=_starts_tax(invoice, left),
        stops_tax=stops_tax(invoice),
    )


def stops_tax(invoice: Invoice) -> bool:
    """Whether we asked for a draft's tax and none is wanted any longer."""
    is_there = invoice.stripe_invoice_id is not None and invoice.stripe_status in (None, "draft")
    return is_there and bool(invoice.agreed_tax) and not invoice.automatic_tax


def _starts_tax(invoice: Invoice, added: Sequence[Added]) -> bool:
    """Whether we are to say that the draft is taxed; a line below zero stands in Stripe's way.

    What a person switched on there is said again by us: only then are the lines taxed as ours are,
    and can be switched off here. Lines that were added there wait for a person, without whom no
    bill is issued either.
    """
    is_there = invoice.stripe_invoice_id is not None and invoice.stripe_status in (None, "draft")
    product = current_policy().stripe_tax_product
    is_agreed = invoice.agreed_tax and (invoice.agreed_tax_product or "") == product
    is_so = invoice.stripe_automatic_tax and is_agreed
    is_due = is_there and invoice.automatic_tax and not is_so
    return is_due and all(line.amount_cents >= 0 for line in added)


def _desired(
    invoice: Invoice, items: Sequence[Charge]
) -> tuple[tuple[LineContent, ...], tuple[tuple[str, int], ...]]:
    """Return the lines for `items`, and what of a taxed bill's credits has no room in them."""
    lines, most = [line_of(item) for item in items], room_for(invoice)
    versions = {item.key: item.price_version_id for item in items}
    if on_theirs(invoice):
        # A coupon of the subscription is for what it bills itself.
        rolled = rolled_up(lines, versions, most)
        return tuple(replace(line, discountable=False) for line in rolled), ()
    if not invoice.automatic_tax:
        return rolled_up(lines, versions, most), ()
    fitted = fit(lines, families=versions, currency=invoice.currency)
    product = current_policy().stripe_tax_product
    taxed = Taxed(product, invoice.currency) if product else None
    rolled = rolled_up(fitted.lines, versions, most)
    return tuple(replace(line, taxed=taxed) for line in rolled), fitted.left


def rolled_up(
    lines: Sequence[LineContent],
    versions: Mapping[str, int | None],
    most: int = LINES_PER_INVOICE,
) -> tuple[LineContent, ...]:
    """Return `lines`, rolled up where Stripe would not take them all; `versions` are by key."""
    if len(lines) <= most:
        return tuple(lines)
    families = price_families(set(versions.values()))
    unpriced = (REST, REST_NAME)
    members = [Member(line, *families.get(versions[line.key], unpriced)) for line in lines]
    return roll_up(members, most)


def price_families(version_ids: Collection[int | None]) -> dict[int | None, tuple[str, str]]:
    """Return the price of each version as a family's id and name."""
    query = (
        select(PriceVersion.id, Price.id, Price.name)
        .join(Price, Price.id == PriceVersion.price_id)
        .where(PriceVersion.id.in_([one for one in version_ids if one is not None]))
    )
    return {version: (str(price), name) for version, price, name in db.session.execute(query)}


def synced_lines(invoice_id: int) -> list[SyncedLine]:
    """Return the agreed lines of an invoice as they are now, by key, to be changed."""
    query = select(SyncedLine).where(SyncedLine.invoice_id == invoice_id).order_by(SyncedLine.key)
    return list(db.session.scalars(query, execution_options={"populate_existing": True}))


def is_billed(item: ChargeFacts) -> bool:
    """Whether an item makes a line: nothing used and nothing charged is not worth one."""
    return bool(item.amount_cents or item.quantity)


def line_of(item: ChargeFacts) -> LineContent:
    """Return the line that stands for an item."""
    return LineContent(
        key=item.key,
        amount_cents=item.amount_cents,
        description=item.description,
        period_start=whole_second(item.period_start),
        period_end=whole_second(item.period_end),
    )


def known_of(line: AgreedFacts) -> Known:
    """Return an agreed line as a plan's start."""
    content = LineContent(
        line.key, line.amount_cents, line.description, line.period_start, line.period_end
    )
    return Known(content, line.stripe_line_id)


def unwanted_of(line: Added) -> Known:
    """Return a line added at Stripe that is to be removed; it has no period of ours."""
    content = LineContent(
        line.stripe_line_id, line.amount_cents, line.description, line.found_at, line.found_at
    )
    return Known(content, line.stripe_line_id)
