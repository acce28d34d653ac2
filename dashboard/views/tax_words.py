"""What Stripe says of where a customer is taxed, in words."""

from __future__ import annotations

from collections.abc import Mapping

# Of where a customer is taxed; empty: no customer is there yet.
LOCATIONS: Mapping[str, str] = {
    "": "Stripe has no customer yet; the first sync makes it.",
    "supported": "Stripe can tell the tax from the customer's address.",
    "not_collecting": "Stripe collects no tax at the customer's address: the company is not "
    "registered there.",
    "unrecognized_location": "Stripe cannot tell the tax from the customer's address. Bills are "
    "held until it is corrected.",
    "failed": "Stripe could not look the address up. Ask again in a few minutes.",
    "unknown": "Stripe did not say. Ask again in a few minutes.",
}
