"""What is sealed opens with our keys only, those until now included."""

import pytest

from dashboard.accounts.factors.sealing import CannotOpen, open_sealed, seal, seal_anew

OLD, NEW = ["the key until now"], ["the key until now", "the key from now on"]


def test_what_is_sealed_can_be_opened_and_tells_nothing() -> None:
    sealed = seal("secret", OLD)
    assert "secret" not in sealed
    assert seal("secret", OLD) != sealed
    assert open_sealed(sealed, OLD) == "secret"


def test_a_new_key_opens_what_the_one_before_sealed_and_then_its_own() -> None:
    sealed = seal("secret", OLD)
    anew = seal_anew(sealed, NEW)
    assert open_sealed(anew, NEW[1:]) == "secret"
    with pytest.raises(CannotOpen):
        open_sealed(anew, OLD)


@pytest.mark.parametrize("sealed", ["", "x", "gAAAAA"])
def test_what_is_not_sealed_by_us_does_not_open(sealed: str) -> None:
    with pytest.raises(CannotOpen):
        open_sealed(sealed, NEW)


def test_what_another_key_sealed_does_not_open() -> None:
    with pytest.raises(CannotOpen):
        open_sealed(seal("secret", ["another key"]), NEW)
