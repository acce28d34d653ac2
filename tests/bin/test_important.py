"""The list of important mutants fits the code as it is."""

import pytest

from bin.important_mutants import IMPORTANT, Important
from tests.support.environment import ROOT


def test_there_are_forty_and_no_two_are_the_same() -> None:
    assert len({(one.file, one.old, one.new) for one in IMPORTANT}) == len(IMPORTANT) == 40


@pytest.mark.parametrize("one", IMPORTANT, ids=lambda one: one.means)
def test_what_is_changed_is_there_once_and_its_tests_are_there(one: Important) -> None:
    text = (ROOT / one.file).read_text()
    assert text.count(one.old) == 1
    compile(text.replace(one.old, one.new), one.file, "exec")
    assert all((ROOT / test).exists() for test in one.paths)
