"""What `make mutants` says of mutmut's records."""

import json

import pytest

from bin import mutants


@pytest.mark.parametrize(
    ("wanted", "room", "names"),
    [
        ("pricing", "pricing", []),
        ("billing.carry", "billing", ["dashboard.billing.carry.*"]),
        ("dashboard.sync.plan", "sync", ["dashboard.sync.plan.*"]),
        ("transaction", "transaction", []),
        ("jobs", "jobs", []),
        ("jobs.batch", "jobs", ["jobs.batch.*"]),
    ],
)
def test_a_room_or_module_is_named_as_a_person_would(wanted, room, names):
    assert (mutants.room_of(wanted), mutants.names_of(room, [wanted])) == (room, names)


def test_of_what_is_wanted_a_room_takes_its_own_modules():
    wanted = ["jobs.batch", "sync.plan", "jobs.ticks"]
    assert mutants.names_of("jobs", wanted) == ["jobs.batch.*", "jobs.ticks.*"]


def test_a_room_that_is_none_is_refused():
    with pytest.raises(SystemExit, match="There is no room prices"):
        mutants.room_of("prices.catalog")


def test_only_survivors_are_tried_again_and_only_when_a_test_has_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(mutants, "WORK", tmp_path)
    record = tmp_path / "pricing" / "mutants" / "dashboard" / "pricing" / "terms.py.meta"
    record.parent.mkdir(parents=True)
    ended = {"killed": 1, "survived": 0, "untested": 33, "new": None}
    record.write_text(json.dumps({"exit_code_by_key": ended}))
    for _ in range(2):  # at first there is nothing to compare the tests with, then they are same
        mutants.retry_survivors("pricing")
        assert [one.ended for one in mutants.read("pricing")] == [1, 0, 33, None]
    monkeypatch.setitem(mutants.TESTS, "pricing", ["tests/pricing", "tests/test_text.py"])
    mutants.retry_survivors("pricing")
    assert [one.ended for one in mutants.read("pricing")] == [1, None, None, None]


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
