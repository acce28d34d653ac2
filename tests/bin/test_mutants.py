"""What `make mutants` says of mutmut's records."""

import pytest

from bin import mutants


@pytest.mark.parametrize(
    ("wanted", "mutmut_says", "room"),
    [
        ("pricing", "dashboard.pricing*", "pricing"),
        ("billing.carry", "dashboard.billing.carry*", "billing"),
        ("transaction", "dashboard.transaction*", "transaction"),
        ("jobs", "jobs*", "jobs"),
        ("dashboard.sync.plan", "dashboard.sync.plan*", "sync"),
    ],
)
def test_a_room_or_module_is_named_as_a_person_would(wanted, mutmut_says, room):
    assert mutants.pattern(wanted) == mutmut_says
    assert mutants.room_of(mutmut_says) == room


def test_a_room_shows_its_survivors_and_the_share_killed_of_what_was_run(capsys):
    mutants.report(
        [
            mutants.Mutant("dashboard.pricing.a.x_f__mutmut_1", "pricing", 1),
            mutants.Mutant("dashboard.pricing.a.x_f__mutmut_2", "pricing", 0),
            mutants.Mutant("dashboard.pricing.a.x_f__mutmut_3", "pricing", 33),
            mutants.Mutant("dashboard.pricing.a.x_f__mutmut_4", "pricing", -24),
            mutants.Mutant("dashboard.pricing.a.x_f__mutmut_5", "pricing", None),
        ]
    )
    said = capsys.readouterr().out
    assert "survived  dashboard.pricing.a.x_f__mutmut_2" in said
    assert "untested  dashboard.pricing.a.x_f__mutmut_3" in said
    assert said.splitlines()[-1].split() == [
        "pricing",
        "4",
        "2",
        "1",
        "1",
        "50%",
        "(1",
        "not",
        "yet",
        "run)",
    ]
