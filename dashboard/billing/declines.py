"""Why a payment was declined: what is told to the customer, what it means, and what helps.

By Stripe's decline codes, which are the bank's words. A bank that suspects something does not want
it told: its customer reads no reason then, and our own people what is behind it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# What the customer can do about it: confirm the payment, have Stripe or a person try it again, pay
# with another card, or talk to the bank (or pay with another card meanwhile).
Remedy = Literal["confirm", "again", "another_card", "ask_bank"]
HELPS: Mapping[Remedy, str] = {
    "confirm": "Open the invoice and confirm the payment with your bank.",
    "again": "Try the payment again, or pay with another card.",
    "another_card": "Pay with another card.",
    "ask_bank": "Ask your bank to allow the payment, or pay with another card.",
}


@dataclass(frozen=True, slots=True)
class Decline:
    """A reason. `says` follows "The bank says" and is None where the customer reads no reason.

    `means` is for our own people, and with `is_secret` for them alone. With `is_final` the same
    card is never accepted later.
    """

    says: str | None
    means: str
    remedy: Remedy
    is_final: bool = False
    is_secret: bool = False

    @property
    def helps(self) -> str:
        """What the customer can do, in a sentence."""
        return HELPS[self.remedy]


def _soft(says: str | None, means: str, remedy: Remedy) -> Decline:
    return Decline(says, means, remedy)


def _hard(says: str | None, means: str, remedy: Remedy = "another_card") -> Decline:
    return Decline(says, means, remedy, is_final=True)


def _secret(means: str) -> Decline:
    told = f"{means} Do not tell the customer this reason. Say that the bank gave none."
    return Decline(None, told, "another_card", is_final=True, is_secret=True)


_LIMIT = "the card is over its limit"
_NOT_ALLOWED = "the card is not allowed to make this payment"
_REVOKED = _hard(
    "the cardholder stopped payments to us",
    "The cardholder told the bank to stop payments to us. Agree on another way to pay first.",
)
_SAYS_NOTHING = _soft(
    None, "The bank gives no reason. Only the cardholder can learn it there.", "ask_bank"
)

DECLINES: Mapping[str, Decline] = {
    # Wants the cardholder: nothing is wrong with the card.
    "authentication_required": _soft(
        "the cardholder must confirm the payment",
        "The bank wants the cardholder to confirm the payment (3-D Secure). No attempt of ours can "
        "do that. The customer confirms it on the invoice's own page.",
        "confirm",
    ),
    "payment_intent_authentication_failure": _soft(
        "the payment was not confirmed",
        "The bank asked the cardholder to confirm the payment, and that failed or was not done.",
        "confirm",
    ),
    "mobile_device_authentication_required": _soft(
        "the cardholder must confirm the payment",
        "The bank wants the cardholder to confirm the payment on a phone.",
        "confirm",
    ),
    "approve_with_id": _soft(
        "the payment needs its approval",
        "The bank did not authorize the payment this time. Another attempt may pass. If it does "
        "not, the cardholder has to ask the bank.",
        "again",
    ),
    # Money and limits: passes later, or after a word with the bank.
    "insufficient_funds": _soft(
        "the card has insufficient funds",
        "There was not enough money on the account. A later attempt often passes, above all "
        "after payday.",
        "another_card",
    ),
    "card_velocity_exceeded": _soft(
        _LIMIT, "Too much was spent or tried with the card lately. It recovers in time.", "ask_bank"
    ),
    "withdrawal_count_limit_exceeded": _soft(
        _LIMIT,
        "The card's limit is used up. It recovers in time, or the bank raises it.",
        "ask_bank",
    ),
    "invalid_amount": _soft(
        "it does not accept this amount",
        "The amount is above what the card may pay at once, or the bank does not take it.",
        "ask_bank",
    ),
    # The bank or the network could not answer.
    "issuer_not_available": _soft(
        "it could not be reached", "The bank did not answer. Another attempt often passes.", "again"
    ),
    "processing_error": _soft(
        "it could not process the payment",
        "Something failed between Stripe and the bank. Another attempt often passes.",
        "again",
    ),
    "reenter_transaction": _soft(
        "it could not process the payment",
        "The bank could not process it and does not say why. Another attempt often passes.",
        "again",
    ),
    "try_again_later": _soft(
        "it could not process the payment",
        "The bank gives no reason and asks for a later attempt.",
        "again",
    ),
    "duplicate_transaction": _soft(
        "an equal payment was made a moment ago",
        "The same amount was charged to the card a moment ago. Look for a payment that went "
        "through before anything is tried again.",
        "ask_bank",
    ),
    # What was typed, or what is printed on the card.
    "expired_card": _hard("the card has expired", "The card is past its last month."),
    "incorrect_cvc": _soft(
        "the security code is wrong", "The security code does not fit the card.", "another_card"
    ),
    "invalid_cvc": _soft(
        "the security code is wrong", "The security code does not fit the card.", "another_card"
    ),
    "incorrect_number": _hard("the card number is wrong", "The bank knows no card of this number."),
    "invalid_number": _hard("the card number is wrong", "The bank knows no card of this number."),
    "invalid_expiry_month": _hard("the expiry date is wrong", "The month does not fit the card."),
    "invalid_expiry_year": _hard("the expiry date is wrong", "The year does not fit the card."),
    "incorrect_zip": _soft(
        "the postal code is wrong",
        "The postal code is not the one that the bank has of the cardholder.",
        "another_card",
    ),
    "incorrect_address": _soft(
        "the address is wrong",
        "The address is not the one that the bank has of the cardholder.",
        "another_card",
    ),
    "incorrect_pin": _soft("the PIN is wrong", "A wrong PIN was typed.", "another_card"),
    "invalid_pin": _soft("the PIN is wrong", "A wrong PIN was typed.", "another_card"),
    "pin_try_exceeded": _hard("the PIN was wrong too often", "The card is blocked for its PIN."),
    "offline_pin_required": _hard("the card needs its PIN", "The card cannot be used online."),
    "online_or_offline_pin_required": _hard(
        "the card needs its PIN", "The card cannot be used online."
    ),
    # What the card is for.
    "card_not_supported": _hard(
        "the card does not support this kind of payment",
        "The card does not support this kind of payment. Many are not for use online or abroad.",
        "ask_bank",
    ),
    "currency_not_supported": _hard(
        "the card does not support this currency", "The card does not pay in this currency."
    ),
    "not_permitted": _hard(_NOT_ALLOWED, "The bank does not permit the payment.", "ask_bank"),
    "service_not_allowed": _hard(
        _NOT_ALLOWED, "The bank does not permit the payment with this card.", "ask_bank"
    ),
    "transaction_not_allowed": _hard(
        _NOT_ALLOWED, "The bank does not permit the payment with this card.", "ask_bank"
    ),
    "testmode_decline": _hard("it is a test card", "A test card was used where money is real."),
    "live_mode_test_card": _hard("it is a test card", "A test card was used where money is real."),
    # The account.
    "invalid_account": _hard(
        "the card's account no longer exists",
        "The card, or the account behind it, is closed or was never active.",
    ),
    "new_account_information_available": _hard(
        "the card was replaced by a new one",
        "The bank issued a new card. Its number or its last month is another now.",
    ),
    "account_closed": _hard("the account is closed", "The account to debit is closed."),
    "debit_not_authorized": _hard(
        "the debit was not authorized",
        "The holder of the account did not authorize the debit, or took it back.",
    ),
    "stop_payment_order": _REVOKED,
    "revocation_of_authorization": _REVOKED,
    "revocation_of_all_authorizations": _REVOKED,
    # The bank declines and does not say why.
    "call_issuer": _SAYS_NOTHING,
    "card_declined": _SAYS_NOTHING,
    "do_not_honor": _SAYS_NOTHING,
    "do_not_try_again": _hard(
        None, "The bank gives no reason and asks that the card is not tried again.", "ask_bank"
    ),
    "generic_decline": _SAYS_NOTHING,
    "no_action_taken": _SAYS_NOTHING,
    # What a customer is not to be told.
    "fraudulent": _secret("Stripe or the bank takes the payment for fraud."),
    "security_violation": _secret("The bank takes the payment for fraud."),
    "merchant_blacklist": _secret("The card is on a block list of our own at Stripe."),
    "lost_card": _secret("The card is reported lost."),
    "stolen_card": _secret("The card is reported stolen."),
    "pickup_card": _secret("The card is reported lost or stolen."),
    "restricted_card": _secret("The card is reported lost or stolen, or blocked for use abroad."),
}
_UNKNOWN = _soft(
    None, "This product has no words for the code. Stripe's list of decline codes has.", "ask_bank"
)


def decline_of(code: str) -> Decline:
    """Return what a decline code stands for; one without words here tells no reason."""
    return DECLINES.get(code, _UNKNOWN)


def decline_words(code: str | None, failure: str | None) -> str:
    """Return the sentence for a customer; without a code, what is known of the failure."""
    if code is None:
        return failure or "The payment was declined."
    says = decline_of(code).says
    return f"The bank says {says}." if says else "The bank declined the card and gave no reason."
