"""Links from our pages into Stripe's dashboard."""

from dashboard.extensions import current_config

PLACES = {"in_": "invoices", "cus_": "customers", "evt_": "events"}


def stripe_url(stripe_id: str) -> str | None:
    """Return where Stripe's dashboard shows the object, None for kinds that have no page there."""
    config = current_config()
    place = next((word for mark, word in PLACES.items() if stripe_id.startswith(mark)), None)
    if place is None:
        return None
    mode = "" if config.is_live else "/test"
    return f"{config.stripe_dashboard_base}{mode}/{place}/{stripe_id}"
