"""The few settings the ledger's rules depend on.

They are set once, by `create_app`, and are the same for the whole process. Handing them through
every verb would make a dozen signatures longer for values that never differ between two calls, so
they are the one exception to "everything is an argument": read-only, and replaced as a whole,
never changed in place.
"""

from dataclasses import dataclass
from datetime import timedelta

from dashboard.billing.closing_window import safe_window


@dataclass(frozen=True, slots=True)
class BillingPolicy:
    """How often to sync, how long a cycle stays open for late usage, and how old usage may be.

    `hold_when_broken`: no bill of an organization is issued while its money does not add up.
    `mails_bills`: organizations are mailed their bills and what becomes of them.
    `stripe_tax_product`: the product at Stripe as which lines are taxed; empty where none is set.
    """

    sync_interval_seconds: int = 3600
    closing_grace_seconds: int = 3600
    closing_window_hours: float = 0
    autofinalize_after_hours: int = 72
    usage_max_age_days: int = 35
    usage_max_skew_seconds: int = 300
    stripe_rereads_per_hour: int = 10
    stripe_gap_reads_per_hour: int = 1
    hold_when_broken: bool = True
    mails_bills: bool = False
    stripe_tax_product: str = ""

    @property
    def closing_window(self) -> timedelta:
        """Over how long the closes of one end are spread, as far as Stripe's own schedule lets."""
        return safe_window(
            timedelta(hours=self.closing_window_hours), grace=self.grace, autofinalize=self.alone
        )

    @property
    def grace(self) -> timedelta:
        """How long a cycle that has ended waits for late usage."""
        return timedelta(seconds=self.closing_grace_seconds)

    @property
    def alone(self) -> timedelta:
        """When after a cycle's end Stripe issues a draft without us; zero for never."""
        return timedelta(hours=self.autofinalize_after_hours)

    @property
    def max_age(self) -> timedelta:
        """How far back a fact may lie."""
        return timedelta(days=self.usage_max_age_days)

    @property
    def max_skew(self) -> timedelta:
        """How far a reporter's clock may be ahead of ours."""
        return timedelta(seconds=self.usage_max_skew_seconds)


_in_force: list[BillingPolicy] = [BillingPolicy()]


def current_policy() -> BillingPolicy:
    """Return the policy of this process; the defaults when none was set."""
    return _in_force[0]


def set_policy(policy: BillingPolicy) -> None:
    """Make `policy` the one of this process."""
    _in_force[0] = policy
