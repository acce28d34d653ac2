"""Which currencies anything may be priced or billed in."""

from dashboard.currencies import TAKEN
from dashboard.errors import Invalid


def check_currency(code: str) -> None:
    """Raise Invalid for a currency that Stripe does not take: its bills could never be sent."""
    if code not in TAKEN:
        raise Invalid(
            f"Stripe does not take the currency {code!r}. Nothing was created. Send one that it "
            "takes, in lowercase, such as usd or eur.",
            field="currency",
        )
