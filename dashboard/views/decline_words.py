"""Why a payment was declined, in a sentence: what the bank said, not what to make of it."""

# By Stripe's decline codes. A bank that suspects something does not want it told: no reason then.
_SAYS = {
    "insufficient_funds": "the card has insufficient funds",
    "expired_card": "the card has expired",
    "incorrect_cvc": "the security code is wrong",
    "invalid_cvc": "the security code is wrong",
    "incorrect_number": "the card number is wrong",
    "invalid_number": "the card number is wrong",
    "invalid_expiry_month": "the expiry date is wrong",
    "invalid_expiry_year": "the expiry date is wrong",
    "card_not_supported": "the card does not support this kind of payment",
    "currency_not_supported": "the card does not support this currency",
    "card_velocity_exceeded": "the card is over its limit",
    "withdrawal_count_limit_exceeded": "the card is over its limit",
    "authentication_required": "the cardholder must confirm the payment",
    "processing_error": "it could not process the payment",
    "issuer_not_available": "it could not be reached",
    "try_again_later": "it could not process the payment",
}
_SAYS_NOTHING = "The bank declined the card and gave no reason."


def decline_words(code: str | None, failure: str | None) -> str:
    """Return the sentence for a decline code; without one, what is known of the failure."""
    if code is None:
        return failure or "The payment was declined."
    says = _SAYS.get(code)
    return _SAYS_NOTHING if says is None else f"The bank says {says}."
