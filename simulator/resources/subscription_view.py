"""How a subscription looks in Stripe's replies and events: its periods are on its items."""

from __future__ import annotations

from simulator.engine.store import Record


def render_subscription(subscription: Record) -> Record:
    """Return the whole subscription."""
    items = [_item(subscription, one) for one in subscription["items"]]
    names = (
        "id", "cancel_at_period_end", "canceled_at", "collection_method", "created", "currency",
        "customer", "days_until_due", "ended_at", "latest_invoice", "pause_collection", "status",
        "trial_end",
    )  # fmt: skip
    return {
        **{name: subscription[name] for name in names},
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": subscription["anchor"],
        "billing_mode": {"flexible": None, "type": "flexible"},
        "billing_schedules": [],
        "cancel_at": subscription["period_end"] if subscription["cancel_at_period_end"] else None,
        "default_payment_method": None,
        "discounts": [f"di_{subscription['id']}"] if subscription.get("percent_off") else [],
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": {
            "object": "list",
            "data": items,
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={subscription['id']}",
        },
        "livemode": False,
        "metadata": dict(subscription["metadata"]),
        "start_date": subscription["created"],
        "trial_start": None if subscription["trial_end"] is None else subscription["created"],
    }


def _item(subscription: Record, item: Record) -> Record:
    return {
        "id": item["id"],
        "object": "subscription_item",
        "created": subscription["created"],
        "current_period_end": subscription["period_end"],
        "current_period_start": subscription["period_start"],
        "discounts": [],
        "metadata": {},
        "price": _price(subscription, item),
        "quantity": 1,
        "subscription": subscription["id"],
        "tax_rates": [],
    }


def _price(subscription: Record, item: Record) -> Record:
    return {
        "id": f"price_{item['id'].removeprefix('si_')}",
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": subscription["created"],
        "currency": item["currency"],
        "livemode": False,
        "metadata": {},
        "product": item["product"],
        "recurring": {
            "interval": item["interval"],
            "interval_count": item["interval_count"],
            "meter": None,
            "usage_type": "licensed",
        },
        "type": "recurring",
        "unit_amount": item["amount"],
        "unit_amount_decimal": str(item["amount"]),
    }
