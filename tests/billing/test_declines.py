"""What is told of a declined payment, to whom."""

import pytest

from dashboard.billing.declines import DECLINES, decline_of, decline_words

SECRET = ("fraudulent", "lost_card", "stolen_card", "pickup_card", "security_violation")


@pytest.mark.parametrize("code", DECLINES)
def test_every_code_has_words_that_are_sentences(code: str) -> None:
    decline = decline_of(code)
    for sentence in (decline.means, decline.helps, decline_words(code, None)):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert ".." not in sentence
    assert decline.says is None or decline.says[0].islower()


@pytest.mark.parametrize("code", SECRET)
def test_a_customer_never_reads_what_a_bank_suspects(code: str) -> None:
    assert decline_words(code, "x") == "The bank declined the card and gave no reason."
    assert decline_of(code).is_secret
    assert "Do not tell the customer" in decline_of(code).means
    assert decline_of(code).helps == "Pay with another card."


def test_nothing_else_is_kept_from_support_either() -> None:
    kept = {code for code, one in DECLINES.items() if "Do not tell" in one.means}
    assert kept == {code for code, one in DECLINES.items() if one.is_secret}


def test_an_expired_card_is_not_worth_another_attempt_and_an_empty_one_is() -> None:
    assert decline_of("expired_card").is_final
    assert not decline_of("insufficient_funds").is_final


def test_a_code_that_nobody_worded_tells_no_reason() -> None:
    assert decline_words("brand_new_code", None) == "The bank declined the card and gave no reason."
    assert "has no words" in decline_of("brand_new_code").means


def test_a_payment_to_confirm_is_confirmed_and_not_tried_again() -> None:
    assert decline_of("authentication_required").remedy == "confirm"
