"""Which invoice takes a change: of the cycle it belongs to, or else the current draft."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select

from dashboard.billing.chain import takes_changes
from dashboard.billing.models import BillingCycle, Invoice
from dashboard.errors import NotFound
from dashboard.extensions import db


class Targets:
    """The invoices of some cycles, and the current draft of each organization; all locked."""

    def __init__(self, of_cycles: Collection[Invoice], changeable: Collection[Invoice]) -> None:
        self._of_cycle: dict[int, list[Invoice]] = defaultdict(list)
        for invoice in of_cycles:
            self._of_cycle[invoice.cycle_id].append(invoice)
        self._drafts = {one.organization_id: one for one in changeable if one.status == "draft"}

    @classmethod
    def load(cls, locked: Collection[Invoice], cycles: Collection[BillingCycle]) -> Targets:
        """Read the invoices of `cycles`; `locked` are the open invoices of their organizations."""
        query = select(Invoice).where(Invoice.cycle_id.in_({cycle.id for cycle in cycles}))
        # The session may hold them as they were before we waited for the locks.
        fresh = query.execution_options(populate_existing=True)
        return cls(db.session.scalars(fresh).all(), locked)

    @classmethod
    def only(cls, invoice: Invoice) -> Targets:
        """Let every change fall on `invoice`."""
        return cls([invoice], [invoice])

    def of_cycle(self, cycle: BillingCycle) -> list[Invoice]:
        """Return the invoices that take a change of `cycle`, in order; at least one."""
        return takes_changes(self._of_cycle[cycle.id]) or [self.draft(cycle.organization_id)]

    def of_usage(self, cycle: BillingCycle) -> Invoice:
        """Return the invoice that takes usage of `cycle`.

        The newest: an early roll seals the part it cuts off, so no other of the cycle may change.
        """
        return self.of_cycle(cycle)[-1]

    def draft(self, organization_id: int) -> Invoice:
        """Return the organization's current draft; raise NotFound if it has none."""
        try:
            return self._drafts[organization_id]
        except KeyError:
            raise NotFound(
                "The organization has no current invoice. Nothing was changed. Open its cycle."
            ) from None
